//! HAR files (HTTP Archive 1.2): what a browser's developer tools save.

use serde_json::Value;

use super::{Found, Raw, split_url};
use crate::dialect::words::Method;

/// Reads all requests of an archive but those for parts of pages.
pub(super) fn read(json: &Value) -> Result<Found, String> {
    let entries = json.pointer("/log/entries").and_then(Value::as_array);
    let entries = entries.ok_or("The HAR file's log.entries is no list.")?;
    let (mut requests, mut notes) = (Vec::new(), Vec::new());
    for (i, entry) in entries.iter().enumerate() {
        let word = |at: &str| entry.pointer(at).and_then(Value::as_str);
        let (Some(method), Some(url)) = (word("/request/method"), word("/request/url")) else {
            notes.push(format!("Entry {i} has no method or address: it was left out."));
            continue;
        };
        // Chromium and Firefox say what a request was for.
        let kind = word("/_resourceType").unwrap_or("fetch");
        if ["image", "stylesheet", "script", "font", "document", "media", "preflight"]
            .contains(&kind)
        {
            continue;
        }
        let Some(method) = Method::ALL.into_iter().find(|m| m.name() == method) else {
            notes.push(format!("{method} {url} was left out: fwit does not send {method}."));
            continue;
        };
        let Some((origin, path)) = split_url(url) else {
            notes.push(format!("“{url}” is no address of HTTP: it was left out."));
            continue;
        };
        let headers = entry.pointer("/request/headers").and_then(Value::as_array);
        let headers = headers.into_iter().flatten().filter_map(|header| {
            let name = header.get("name")?.as_str()?;
            let value = header.get("value")?.as_str()?;
            // Of HTTP/2.
            (!name.starts_with(':')).then(|| (name.to_string(), value.to_string()))
        });
        requests.push(Raw {
            method: Some(method),
            origin,
            path,
            headers: headers.collect(),
            body: word("/request/postData/text").map(ToString::to_string),
            name: String::new(),
        });
    }
    Ok((of_one_origin(requests, &mut notes), notes))
}

/// The requests of the origin that was asked most: a page asks others too, which are not to be
/// loaded.
fn of_one_origin(requests: Vec<Raw>, notes: &mut Vec<String>) -> Vec<Raw> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for raw in &requests {
        match counts.iter_mut().find(|(origin, _)| *origin == raw.origin) {
            Some((_, count)) => *count += 1,
            None => counts.push((raw.origin.clone(), 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let Some((kept, _)) = counts.iter().find(|(_, count)| *count == most) else { return requests };
    let others = counts.iter().filter(|(origin, _)| origin != kept);
    for (origin, count) in others {
        notes.push(format!("{count} requests to {origin} were left out: only {kept} is loaded."));
    }
    requests.into_iter().filter(|raw| raw.origin == *kept).collect()
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::json;

    #[test]
    fn a_recording_gives_its_calls_once_each() {
        let entry = |method: &str, url: &str, kind: &str| {
            json!({ "_resourceType": kind, "request": {
                "method": method, "url": url,
                "headers": [{ "name": ":authority", "value": "a" }, { "name": "User-Agent", "value": "x" },
                    { "name": "X-Own", "value": "1" }, { "name": "Content-Type", "value": "application/json" }],
                "postData": { "text": "{\"a\":1}" } } })
        };
        let text = json!({ "log": { "entries": [
            entry("GET", "https://a/app.js", "script"),
            entry("POST", "https://a/api/items?x=1", "xhr"),
            entry("POST", "https://a/api/items?x=1", "xhr"),
            entry("OPTIONS", "https://a/api/items", "fetch"),
            entry("GET", "https://tracker/hit", "fetch"),
            entry("GET", "https://a/api/items/7", "fetch"),
            {}
        ] } })
        .to_string();
        let made = import(&text).unwrap();
        let json = serde_json::to_value(&made.file.operations).unwrap();
        assert_eq!(made.file.operations.len(), 2, "{json:#}");
        assert_eq!(json[0]["request"]["path"], "/api/items?x=1");
        assert_eq!(json[0]["request"]["headers"], json!({ "X-Own": "1" }));
        assert_eq!(json[0]["request"]["body"], json!({ "a": 1 }));
        assert_eq!(json[1]["request"]["body"], json!(null), "a GET has none");
        assert_eq!(made.nodes, ["https://a"]);
        assert_eq!(made.notes.len(), 4, "{:?}", made.notes);
    }
}
