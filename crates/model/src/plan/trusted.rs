//! Where an API key may go: to the origins of the plan's nodes, and to those that it trusts.

use std::collections::BTreeSet;

use super::file::ClusterFile;
use super::problem::Problems;
use super::{BaseUrl, Cluster, Problem};

/// Most trusted origins of a plan.
const TRUSTED_MAX: usize = 64;
/// Their place in the plan file.
const FIELD: &str = "cluster.trusted_origins";

impl Cluster {
    /// All origins that an API key may be sent to.
    #[must_use]
    pub fn key_origins(&self) -> BTreeSet<BaseUrl> {
        let nodes = self.nodes.iter().flat_map(|n| std::iter::once(&n.url).chain(&n.lanes));
        nodes.chain(&self.trusted_origins).map(BaseUrl::root).collect()
    }

    /// Trusts these origins as well, each written as an address such as `http://10.0.0.9:7101`.
    ///
    /// # Errors
    /// All that are no addresses.
    pub fn trust(&mut self, origins: &[String]) -> Result<(), Vec<Problem>> {
        let mut found = Problems::default();
        for url in read(origins, &mut found) {
            if !self.trusted_origins.contains(&url) {
                self.trusted_origins.push(url);
            }
        }
        if found.list.is_empty() { Ok(()) } else { Err(found.list) }
    }
}

/// Checks the trusted origins of a plan file: base URLs are reduced to their origins, each once.
pub(super) fn trusted(file: &ClusterFile, simulated: bool, found: &mut Problems) -> Vec<BaseUrl> {
    if simulated && !file.trusted_origins.is_empty() {
        found
            .add(FIELD, "belongs to a real cluster: a simulated one gets no API key, leave it out");
    }
    if file.trusted_origins.len() > TRUSTED_MAX {
        let count = file.trusted_origins.len();
        found.add(FIELD, format!("{count} origins are too many: up to {TRUSTED_MAX}"));
    }
    read(&file.trusted_origins, found)
}

fn read(texts: &[String], found: &mut Problems) -> Vec<BaseUrl> {
    let mut list = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        match BaseUrl::parse(text) {
            Ok(url) if list.contains(&url.root()) => {}
            Ok(url) => list.push(url.root()),
            Err(message) => found.add(&format!("{FIELD}.{i}"), message),
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::super::{PlanDraft, from_link, preset, to_link, wire};
    use super::*;

    fn plan(cluster: &str) -> Result<super::super::Plan, Vec<Problem>> {
        wire::read(&format!(r#"{{"cluster":{{{cluster}}}}}"#))
    }

    const NODE: &str = r#""dialect":"insi","nodes":[{"name":"a","url":"http://a:1/x",
        "lanes":["http://b:1/x"]}]"#;

    #[test]
    fn base_urls_are_reduced_to_origins_each_once() {
        let plan = plan(&format!(
            r#"{NODE},"trusted_origins":["http://C:80/insi/"," c ","https://c","http://10.0.0.9:7101/"]"#
        ))
        .unwrap();
        let origins: Vec<_> =
            plan.cluster.trusted_origins.iter().map(ToString::to_string).collect();
        assert_eq!(origins, ["http://c", "https://c", "http://10.0.0.9:7101"]);
        let all: Vec<_> = plan.cluster.key_origins().iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            ["http://10.0.0.9:7101", "http://a:1", "http://b:1", "http://c", "https://c"]
        );
        assert_eq!(wire::read(&wire::to_json(&plan)), Ok(plan.clone()));
        assert_eq!(from_link(&to_link(&plan)), Ok(plan.clone()));
        assert_eq!(PlanDraft::from_plan(&plan).plan(), Ok(plan));
    }

    #[test]
    fn files_without_them_do_not_mention_them() {
        assert!(!wire::to_json(&preset("quick").unwrap()).contains("trusted"));
    }

    #[test]
    fn wrong_ones_say_where_and_why() {
        let many = vec!["\"http://a\""; 65].join(",");
        for (cluster, field, words) in [
            (format!(r#"{NODE},"trusted_origins":["http://a","ftp://b"]"#), ".1", "scheme"),
            (format!(r#"{NODE},"trusted_origins":["*"]"#), ".0", "not a host name"),
            (format!(r#"{NODE},"trusted_origins":["http://u:p@a"]"#), ".0", "API key field"),
            (format!(r#"{NODE},"trusted_origins":[{many}]"#), "", "up to 64"),
            (r#""dialect":"sim","trusted_origins":["http://a"]"#.into(), "", "a real cluster"),
        ] {
            let problems = plan(&cluster).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].field, format!("{FIELD}{field}"));
            assert!(problems[0].message.contains(words), "{problems:?}");
        }
    }

    #[test]
    fn more_can_be_trusted() {
        let mut cluster = preset("quick").unwrap().cluster;
        assert_eq!(cluster.trust(&["http://a/x".into(), "a".into()]), Ok(()));
        assert_eq!(cluster.trust(&["http://a".into()]), Ok(()));
        assert_eq!(cluster.trusted_origins.len(), 1);
        assert_eq!(cluster.trust(&[String::new()]).unwrap_err()[0].field, format!("{FIELD}.0"));
    }
}
