//! The dialects that come with fwit, one file each.

use std::sync::{Arc, OnceLock};

use super::{Dialect, SIMULATED, read};

macro_rules! files {
    ($($name:literal),+) => {
        /// Names of the built-in dialects, in the order of the form.
        pub const BUILT_IN: &[&str] = &[$($name),+];
        static FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("files/", $name, ".json")))),+];
    };
}

files!(
    "insi",
    "etcd",
    "redis-webdis",
    "nacos",
    "openraft-kv",
    "rqlite",
    "consul",
    "couchdb",
    "elasticsearch",
    "hazelcast"
);

/// The built-in dialect of that name, or the simulated cluster's. Compiled when it is asked for
/// first.
#[must_use]
pub fn built_in(name: &str) -> Option<Arc<Dialect>> {
    static COMPILED: [OnceLock<Option<Arc<Dialect>>>; FILES.len() + 1] =
        [const { OnceLock::new() }; FILES.len() + 1];
    let (place, text) = if name == SIMULATED {
        (FILES.len(), FILES.first()?.1)
    } else {
        let place = FILES.iter().position(|(own, _)| *own == name)?;
        (place, FILES.get(place)?.1)
    };
    COMPILED.get(place)?.get_or_init(|| read(name, text).ok().map(Arc::new)).clone()
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Choice, Kind, NodeStatus, Published, Request, StreamKind};
    use super::*;
    use fwit_quantities::sample::Outcome;

    fn of(name: &str) -> Arc<Dialect> {
        built_in(name).unwrap()
    }

    fn place(dialect: &Dialect, op: &str) -> usize {
        dialect.operations().iter().position(|o| o.name == op).unwrap()
    }

    fn request<'a>(dialect: &'a Dialect, op: &str) -> Request<'a> {
        let choice = Choice { key: "k-1", value: "\"v\"", version: "7" };
        dialect.request(place(dialect, op), &choice)
    }

    fn judge(dialect: &Dialect, op: &str, status: u16, text: &str) -> Outcome {
        let op = place(dialect, op);
        // As the engine does: the text only where it is wanted.
        let wanted = dialect.wants_text(op, status).then_some(text);
        dialect.judge(op, &Answer { status, bytes: text.len() as u64, text: wanted })
    }

    #[test]
    fn every_built_in_dialect_compiles_and_is_written_as_it_was_read() {
        for (name, text) in FILES {
            let dialect = read(name, text).unwrap();
            let file: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_value(dialect.file()).unwrap(), file, "{name}");
            assert!(built_in(name).is_some_and(|d| *d == dialect));
        }
        assert_eq!(of(SIMULATED).name(), SIMULATED);
        assert_eq!(of(SIMULATED).file(), of("insi").file());
        assert!(built_in("none").is_none());
    }

    #[test]
    fn insis_requests() {
        let insi = of("insi");
        assert_eq!(request(&insi, "get").path, "/db/api/v1/get?key=k-1");
        assert_eq!(request(&insi, "set").body, r#"{"key":"k-1","value":"\"v\""}"#);
        assert_eq!(request(&insi, "publish").body, r#"{"topic":"k-1","data":"v"}"#);
        assert_eq!(request(&insi, "bump").body, r#"{"key":"k-1","value":"1"}"#);
        let blob = request(&insi, "blob_set");
        assert!(blob.body.contains("name=\"key\"\r\n\r\nk-1\r\n"));
        assert_eq!(blob.headers.list[0].0, "Content-Type");
        for operation in insi.operations() {
            let request = request(&insi, &operation.name);
            assert!(request.is_simple());
            assert_eq!(request.method.has_body(), operation.kind != Kind::Read);
        }
    }

    #[test]
    fn insis_answers() {
        let insi = of("insi");
        for (op, status, text, outcome) in [
            ("set", 200, "", Outcome::Ok),
            ("get", 200, "", Outcome::RateLimited),
            ("get", 200, r#"{"data":"v"}"#, Outcome::Ok),
            ("get", 404, "404 page not found", Outcome::NotFound),
            ("blob_set", 400, "Blob already exists", Outcome::Conflict),
            ("blob_set", 400, "bad", Outcome::Rejected),
            ("set", 401, "", Outcome::Rejected),
            ("blob_delete", 202, "", Outcome::Ok),
            ("set", 503, "", Outcome::Unavailable),
        ] {
            assert_eq!(judge(&insi, op, status, text), outcome, "{op} {status} {text}");
        }
        assert!(!insi.wants_text(place(&insi, "get"), 200), "no body is decoded without need");
        let text = r#"{"status":"ok","node":"n2","role":"follower","leader":"127.0.0.1:12222","leader_url":"http://127.0.0.1:7101"}"#;
        let status = insi.read_status(text).unwrap();
        assert_eq!((status.leads, status.name.as_deref()), (Some(false), Some("n2")));
        assert_eq!(status.leader_url.as_deref(), Some("http://127.0.0.1:7101"));
        // A real insi node gives no role and no URL, but the leader's Raft address.
        let real = insi.read_status(r#"{"status":"ok","leader":"a:1"}"#).unwrap();
        assert_eq!(real, NodeStatus { leader_host: Some("a:1".into()), ..NodeStatus::default() });
        assert_eq!(insi.read_status("404 page not found"), None);
        assert_eq!(insi.read_status(r#"{"x":1}"#), None);
    }

    #[test]
    fn insis_events() {
        let insi = of("insi");
        let data = r#"{"run":"r","publisher":2,"seq":3,"sent_us":4}"#;
        let message =
            format!(r#"{{"topic":"s:t","data":{data},"emitted_at":"2026-11-21T00:00:00Z"}}"#);
        let event = Published { run: "r".into(), publisher: 2, seq: 3, sent_us: 4 };
        assert_eq!(insi.events(&message), [event]);
        for other in [
            "{",
            r#"{"data":{"seq":3}}"#,
            r#"{"data":{"run":"r","publisher":-1,"seq":3,"sent_us":4}}"#,
        ] {
            assert_eq!(insi.events(other), []);
        }
        let path = |key| insi.stream("t", key).unwrap().path;
        assert_eq!(path(None), "/db/api/v1/events/subscribe?topic=t");
        assert_eq!(path(Some("a+b")), "/db/api/v1/events/subscribe?topic=t&key=a%2Bb");
        assert_eq!(insi.auth_header("k"), Some(("Authorization", "Bearer k".into())));
    }

    #[test]
    fn etcd_speaks_base64_and_answers_200_to_nearly_all() {
        let etcd = of("etcd");
        let get = request(&etcd, "get");
        assert_eq!((&*get.path, &*get.body), ("/v3/kv/range", r#"{"key":"ay0x"}"#));
        let cas = request(&etcd, "compare_and_put");
        assert!(cas.body.contains(r#""mod_revision":"7""#), "{}", cas.body);
        assert!(etcd.operations().iter().all(|o| request(&etcd, &o.name).is_simple()));
        let header = r#""header":{"cluster_id":"1","member_id":"10","revision":"2"}"#;
        let kvs = r#""kvs":[{"key":"ay0x","mod_revision":"5","value":"InYi"}],"count":"1""#;
        let found = format!("{{{header},{kvs}}}");
        let none = format!("{{{header}}}");
        let won = format!("{{{header},\"succeeded\":true}}");
        for (op, status, text, outcome) in [
            ("put", 200, none.as_str(), Outcome::Ok),
            ("put", 200, "{}", Outcome::Unavailable),
            ("get", 200, &found, Outcome::Ok),
            ("get", 200, &none, Outcome::NotFound),
            ("delete", 200, &none, Outcome::NotFound),
            ("put_new", 200, &won, Outcome::Ok),
            ("put_new", 200, &none, Outcome::Conflict),
            ("put", 412, r#"{"code":9,"error":"etcdserver: not leader"}"#, Outcome::NotLeader),
            ("get", 503, "etcdserver: request timed out", Outcome::Unavailable),
            ("put", 400, r#"{"code":3}"#, Outcome::Rejected),
        ] {
            assert_eq!(judge(&etcd, op, status, text), outcome, "{op} {status} {text}");
        }
        let get = place(&etcd, "get");
        assert_eq!(etcd.value(get, &found).as_deref(), Some("\"v\""));
        assert_eq!(etcd.version(get, Some(&found)).as_deref(), Some("5"));
        let leads = |leader: &str| {
            let status = format!("{{{header}{leader}}}");
            etcd.read_status(&status).unwrap().leads
        };
        assert_eq!(leads(r#","leader":"10""#), Some(true));
        assert_eq!(leads(r#","leader":"11""#), Some(false));
        assert_eq!(leads(""), None, "no leader is known");
        let stream = etcd.stream("t", None).unwrap();
        assert_eq!((stream.kind, stream.path.as_str()), (StreamKind::Websocket, "/v3/watch"));
        assert_eq!(stream.send, r#"{"create_request":{"key":"dA=="}}"#);
        // What was missed is asked for by the revision after the last one.
        let created = r#"{"result":{"header":{"revision":"30"},"created":true}}"#;
        let begun = etcd.position(None, created);
        assert_eq!(begun, super::super::Position::new("30"));
        let message = r#"{"result":{"header":{"revision":"90"},"events":[{"kv":{"mod_revision":"40"}},
            {"kv":{"mod_revision":"41"}}]}}"#;
        let last = etcd.position(begun, message);
        assert_eq!(etcd.position(last.clone(), created), super::super::Position::new("41"));
        let after = etcd.stream_after("t", None, &last.unwrap()).unwrap();
        let send = r#"{"create_request":{"key":"dA==","start_revision":"42"}}"#;
        assert_eq!((after.path.as_str(), after.send.as_str()), ("/v3/watch", send));
        assert_eq!(etcd.auth_header("token"), Some(("Authorization", "token".into())));
    }

    #[test]
    fn webdis_says_not_leader_with_status_200() {
        let webdis = of("redis-webdis");
        let choice = Choice { key: "a.b/c", value: "{\"x\":1}", version: "" };
        let set = webdis.request(place(&webdis, "set"), &choice);
        assert_eq!(set.path, "/SET/a%2Eb%2Fc/%7B%22x%22%3A1%7D");
        let readonly = r#"{"SET":[false,"READONLY You can't write against a read only replica."]}"#;
        for (op, text, outcome) in [
            ("set", r#"{"SET":[true,"OK"]}"#, Outcome::Ok),
            ("set", readonly, Outcome::NotLeader),
            ("set_new", r#"{"SET":null}"#, Outcome::Conflict),
            ("get", r#"{"GET":null}"#, Outcome::NotFound),
            ("get", r#"{"GET":"v"}"#, Outcome::Ok),
            ("increment", r#"{"INCR":[false,"ERR value is not an integer"]}"#, Outcome::Rejected),
        ] {
            assert_eq!(judge(&webdis, op, 200, text), outcome, "{op} {text}");
        }
        assert_eq!(judge(&webdis, "set", 503, ""), Outcome::Unavailable);
        let leads = |text: &str| webdis.read_status(text).and_then(|s| s.leads);
        assert_eq!(leads(r#"{"ROLE":["master",1,null]}"#), Some(true));
        assert_eq!(leads(r#"{"ROLE":["slave","127.0.0.1",1,"connected",3]}"#), Some(false));
        let basic = webdis.auth_header("user:pass").unwrap().1;
        assert_eq!(basic, "Basic dXNlcjpwYXNz");
    }

    #[test]
    fn others_name_their_leader_in_their_own_ways() {
        let openraft = of("openraft-kv");
        let text = r#"{"Err":{"ForwardToLeader":{"leader_id":1,"leader_node":{"raft_addr":"127.0.0.1:22001","data":"127.0.0.1:21001"}}}}"#;
        assert_eq!(judge(&openraft, "write", 200, text), Outcome::NotLeader);
        assert_eq!(openraft.hint(Some(text)).as_deref(), Some("127.0.0.1:21001"));
        let none = r#"{"Ok":{"value":null}}"#;
        assert_eq!(judge(&openraft, "read", 200, none), Outcome::NotFound);
        let nacos = of("nacos");
        let status = r#"{"id":2,"state":"Follower","current_term":1,"current_leader":1}"#;
        assert_eq!(nacos.read_status(status).unwrap().leads, Some(false));
        let consul = of("consul").read_status("\"10.1.10.12:8300\"").unwrap();
        assert_eq!(consul.leader_host.as_deref(), Some("10.1.10.12:8300"));
        let rqlite = of("rqlite").read_status(r#"{"api_addr":"http://a:4001"}"#).unwrap();
        assert_eq!(rqlite.leader_url.as_deref(), Some("http://a:4001"));
        for name in ["couchdb", "elasticsearch", "hazelcast"] {
            assert!(!of(name).finds_leader() && !of(name).has_events(), "{name}");
            assert!(of(name).read_status("anything").is_some());
        }
    }

    #[test]
    fn the_documentation_lists_them_and_its_examples_compile() {
        let page = include_str!("../../../../docs/dialects.md");
        for name in BUILT_IN {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("{name} is not in docs/dialects.md"));
            assert_eq!(row.contains("untested here"), of(name).file().tested.is_empty(), "{name}");
        }
        let examples: Vec<&str> = page.split("```json dialect\n").skip(1).collect();
        assert!(!examples.is_empty());
        for example in examples {
            let example = example.split("```").next().unwrap();
            assert!(read("custom", example).is_ok(), "{example}");
        }
    }
}
