//! What the pretend cluster stores, with its faults and its own books.

use std::collections::{BTreeMap, BTreeSet};

use fwit_model::dialect::Request;
use fwit_quantities::units::Micros;
use serde_json::Value;

/// Stored values, and what is wrong with the store.
#[derive(Debug, Default)]
pub struct Kept {
    /// What is stored, by key: since when.
    pub stored: BTreeMap<String, Vec<(Micros, Option<String>)>>,
    /// What should be.
    pub truth: BTreeMap<String, String>,
    /// Every n-th write is acknowledged and not stored; 0 for none.
    pub loses: u64,
    /// Reads find what was stored so long ago …
    pub behind: Micros,
    /// … until this instant.
    pub until: Micros,
    /// Every n-th increment is made twice; 0 for none.
    pub doubles: u64,
    pub writes: u64,
    pub bumps: u64,
    /// Reads that were answered with what is not true.
    pub untrue: u64,
    pub lost_bumps: u64,
    pub doubled_bumps: u64,
}

impl Kept {
    fn put(&mut self, key: &str, value: Option<String>, now: Micros) {
        match &value {
            Some(value) => self.truth.insert(key.into(), value.clone()),
            None => self.truth.remove(key),
        };
        self.writes += 1;
        if self.loses == 0 || !self.writes.is_multiple_of(self.loses) {
            self.stored.entry(key.into()).or_default().push((now, value));
        }
    }

    fn at(&self, key: &str, then: Micros) -> Option<String> {
        let list = self.stored.get(key)?;
        list.iter().rev().find(|(since, _)| *since <= then)?.1.clone()
    }

    /// Status and text, where it is a request of the store.
    pub fn answer(&mut self, request: &Request<'_>, now: Micros) -> Option<(u16, String)> {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let key = body["key"].as_str().unwrap_or_default();
        match request.path.split('?').next().unwrap_or_default() {
            "/db/api/v1/set" => self.put(key, body["value"].as_str().map(Into::into), now),
            "/db/api/v1/delete" => self.put(key, None, now),
            "/db/api/v1/bump" => {
                self.bumps += 1;
                let lost = self.loses > 0 && self.bumps.is_multiple_of(self.loses);
                let doubled = self.doubles > 0 && self.bumps.is_multiple_of(self.doubles);
                (self.lost_bumps, self.doubled_bumps) =
                    (self.lost_bumps + u64::from(lost), self.doubled_bumps + u64::from(doubled));
                let by = 1 - i64::from(lost) + i64::from(doubled);
                let before = self.at(key, now).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
                let value = Some((before + by).to_string());
                self.stored.entry(key.into()).or_default().push((now, value));
            }
            "/db/api/v1/get" => {
                let key = request.path.split("key=").nth(1)?;
                let behind = if now < self.until { self.behind } else { Micros::ZERO };
                let found = self.at(key, now - behind);
                let known = key.starts_with("stress-key") && !self.truth.is_empty();
                self.untrue += u64::from(known && self.truth.get(key) != found.as_ref());
                return Some(match found {
                    Some(value) => (200, format!("{{\"data\":\"{value}\"}}")),
                    None => (404, "404 page not found".into()),
                });
            }
            _ => return None,
        }
        Some((200, String::new()))
    }

    /// Keys that are not as they should be: absent, or with another value.
    pub fn wrong(&self) -> (u64, u64) {
        let keys: BTreeSet<&String> = self.truth.keys().chain(self.stored.keys()).collect();
        let values = keys.into_iter().filter(|key| key.starts_with("stress-key"));
        values.fold((0, 0), |(missing, outdated), key| {
            let (truth, now) = (self.truth.get(key), self.at(key, Micros(u64::MAX)));
            match (truth, &now) {
                _ if truth == now.as_ref() => (missing, outdated),
                (_, None) => (missing + 1, outdated),
                _ => (missing, outdated + 1),
            }
        })
    }
}
