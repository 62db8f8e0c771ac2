//! From a dialect's file to a dialect, or to all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::answers::{Condition, Extract, Rule};
use super::file::{
    ConditionFile, DialectFile, ExtractFile, KeyFile, LeaderFile, OperationFile, RequestFile,
    RuleFile, VERSION, format_name,
};
use super::headers::header_problems;
use super::template::{Encoder, Template, Variable, encode_query, is_of_urls};
use super::words::{HeaderSet, KeyUse, Kind, Method, Pool, StatusSet};
use super::{Dialect, Leader, Operation, RequestTemplate};

/// Most operations: a request's operation is a byte, and people read tables of them.
const OPERATIONS_MAX: usize = 64;
/// Most rules in one place.
const RULES_MAX: usize = 64;
/// Most bytes of a path or a body.
const TEXT_MAX: usize = 65_536;

/// Longest title and name, characters.
const NAME_MAX: usize = 60;

/// Reads a dialect from its JSON text.
///
/// # Errors
/// All that is wrong with it: the field's path, and a sentence.
pub fn read(name: &str, json: &str) -> Result<Dialect, Vec<(String, String)>> {
    let file = crate::json::read_file::<DialectFile>(json.as_bytes())
        .map_err(|error| vec![(String::new(), format!("The dialect does not fit: {error}."))])?;
    compile(name, file)
}

/// Compiles a dialect that plans call `name`.
///
/// # Errors
/// All that is wrong with it: the field's path, and a sentence.
pub fn compile(name: &str, file: DialectFile) -> Result<Dialect, Vec<(String, String)>> {
    let mut compiler = Compiler::default();
    let dialect = compiler.dialect(name, file);
    match dialect {
        Some(dialect) if compiler.problems.is_empty() => Ok(dialect),
        _ => Err(compiler.problems),
    }
}

#[derive(Default)]
pub(super) struct Compiler {
    problems: Vec<(String, String)>,
    /// Header sets, each once.
    headers: Vec<HeaderSet>,
    /// Headers of every request.
    common: BTreeMap<String, String>,
}

impl Compiler {
    pub(super) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push((field.to_string(), message.into()));
    }

    /// The value, or its problem noted.
    pub(super) fn take<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(field, message)).ok()
    }

    fn dialect(&mut self, name: &str, file: DialectFile) -> Option<Dialect> {
        if file.format != format_name() {
            self.add("format", format!("“{}” is no dialect: write fwit-dialect", file.format));
        }
        if file.version == 0 || file.version > VERSION {
            let text = format!("{} is not known: this fwit reads up to {VERSION}", file.version);
            self.add("version", text);
        }
        if file.title.trim().is_empty() || file.title.chars().count() > NAME_MAX {
            self.add("title", format!("needs 1 to {NAME_MAX} characters"));
        }
        self.headers.push(HeaderSet::new(0, Vec::new()));
        self.check_headers("headers", &file.headers);
        self.common.clone_from(&file.headers);
        if let Some(auth) = &file.auth {
            self.check_header("auth.header", &auth.header, &auth.prefix);
            if auth.basic && !auth.prefix.is_empty() {
                self.add("auth.prefix", "stands for nothing beside “basic”: leave it out");
            }
        }
        let shared = self.rules("answers", &file.answers);
        if file.operations.is_empty() || file.operations.len() > OPERATIONS_MAX {
            self.add("operations", format!("needs 1 to {OPERATIONS_MAX} operations"));
        }
        let mut names = BTreeSet::new();
        let mut operations = Vec::new();
        for (i, operation) in file.operations.iter().enumerate().take(OPERATIONS_MAX) {
            let at = format!("operations.{i}");
            if !names.insert(&operation.name) {
                self.add(&format!("{at}.name"), format!("“{}” is there twice", operation.name));
            }
            operations.extend(self.operation(&at, operation, &shared));
        }
        let hint = file.hint.as_ref().and_then(|hint| {
            match (&hint.pointer, &hint.header) {
                (Some(pointer), None) => return self.take("hint.pointer", Extract::plain(pointer)),
                (None, Some(header)) => self.check_header("hint.header", header, ""),
                _ => self.add("hint", "needs a pointer or a header"),
            }
            None
        });
        let leader = match &file.leader {
            Some(leader) => self.leader(leader)?,
            None => self.no_leader()?,
        };
        let events = file.events.as_ref().and_then(|events| self.events(events));
        let publishes = operations.iter().any(|o| o.kind == Kind::Publish);
        if file.events.is_some() && !publishes {
            self.add("events", "nothing publishes: leave them out, or add a publish operation");
        }
        let name = name.to_string();
        let faults = self.faults(&file.faults, leader.id.is_some());
        let vitals = file.vitals.as_ref().and_then(|vitals| self.vitals(vitals));
        Some(Dialect { name, file, operations, hint, leader, events, faults, vitals })
    }

    fn operation(&mut self, at: &str, file: &OperationFile, shared: &[Rule]) -> Option<Operation> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let length = file.name.chars().count();
        if !(1..=NAME_MAX).contains(&length)
            || !file.name.chars().all(fits)
            || !file.name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            let text = format!(
                "“{}” is no name: up to {NAME_MAX} of a-z, 0-9 and _, a letter first",
                file.name
            );
            self.add(&format!("{at}.name"), text);
        }
        let key = match file.key {
            KeyFile::Any => KeyUse::Any(file.pool),
            KeyFile::Known => KeyUse::Known(file.pool),
            KeyFile::Forget => KeyUse::Forget(file.pool),
            KeyFile::Fresh => KeyUse::Fresh(file.pool),
            KeyFile::Counter => KeyUse::Counter,
            KeyFile::Topic => KeyUse::Topic,
        };
        if (file.kind == Kind::Publish) != (file.key == KeyFile::Topic) {
            let text = "an operation publishes exactly where its key is “topic”";
            self.add(&format!("{at}.key"), text);
        }
        match (file.key, file.pool) {
            (KeyFile::Fresh, Pool::Values) => self.add(
                &format!("{at}.pool"),
                "fresh keys have names of their own: say “blobs”, or “none” where nothing reads them",
            ),
            (KeyFile::Any, Pool::Blobs) => self.add(
                &format!("{at}.pool"),
                "“blobs” holds fresh keys: say “values” or “none”",
            ),
            _ => {}
        }
        let rules_at = format!("{at}.answers");
        let mut rules = self.rules(&rules_at, &file.answers);
        rules.extend_from_slice(shared);
        let request = self.request(&format!("{at}.request"), &file.request);
        let value = file.value.as_ref().and_then(|v| self.extract(&format!("{at}.value"), v));
        let version = file
            .version_at
            .as_deref()
            .and_then(|v| self.take(&format!("{at}.version_at"), Extract::plain(v)));
        let request = request?;
        let uses = |variable| request.path.uses(variable) || request.body.uses(variable);
        let mut texts = StatusSet::default();
        for status in 100..600 {
            let successful = (200..300).contains(&status);
            if rules.iter().any(|r| r.wants_text(status)) || (successful && version.is_some()) {
                texts.insert(status);
            }
        }
        Some(Operation {
            name: file.name.clone(),
            kind: file.kind,
            key,
            takes_value: uses(Variable::Value),
            has_version: version.is_some() || uses(Variable::Version),
            sends_version: uses(Variable::Version),
            request,
            rules,
            texts,
            value,
            version,
        })
    }

    fn rules(&mut self, at: &str, files: &[RuleFile]) -> Vec<Rule> {
        if files.len() > RULES_MAX {
            self.add(at, format!("{} rules are too many: up to {RULES_MAX}", files.len()));
        }
        let mut rules = Vec::new();
        for (i, file) in files.iter().enumerate().take(RULES_MAX) {
            match Rule::compile(file) {
                Ok(rule) => rules.push(rule),
                Err((field, message)) => self.add(&format!("{at}.{i}.{field}"), message),
            }
        }
        rules
    }

    fn condition(&mut self, at: &str, file: Option<&ConditionFile>) -> Option<Condition> {
        file.and_then(|file| self.take(at, Condition::compile(file)))
    }

    fn extract(&mut self, at: &str, file: &ExtractFile) -> Option<Extract> {
        self.take(&format!("{at}.pointer"), Extract::compile(file))
    }

    pub(super) fn at_pointer(&mut self, at: &str, pointer: Option<&String>) -> Option<Extract> {
        pointer.and_then(|pointer| self.take(at, Extract::plain(pointer)))
    }

    fn leader(&mut self, file: &LeaderFile) -> Option<Leader> {
        let request = self.request("leader.request", &file.request);
        let redirected = file.redirected.as_ref();
        let redirected = redirected.map(|r| self.request("leader.redirected", r));
        let leader = Leader {
            request: request?,
            recognized: self.condition("leader.recognized", file.recognized.as_ref()),
            name: self.at_pointer("leader.name_at", file.name_at.as_ref()),
            leads: self.condition("leader.leads", file.leads.as_ref()),
            url: self.at_pointer("leader.url_at", file.url_at.as_ref()),
            host: self.at_pointer("leader.host_at", file.host_at.as_ref()),
            term: self.at_pointer("leader.term_at", file.term_at.as_ref()),
            id: self.at_pointer("leader.id_at", file.id_at.as_ref()),
            redirected: redirected.flatten(),
        };
        let places = [&leader.request].into_iter().chain(&leader.redirected);
        if places.flat_map(|r| [&r.path, &r.body]).any(Template::has_places) {
            self.add("leader", "its requests have no key and no value: write them out");
        }
        Some(leader)
    }

    /// Without a leader, a node is asked for `/` to see whether it answers.
    fn no_leader(&mut self) -> Option<Leader> {
        let root = RequestFile {
            method: Method::Get,
            path: "/".into(),
            body: None,
            content_type: None,
            headers: BTreeMap::new(),
        };
        Some(Leader {
            request: self.request("leader.request", &root)?,
            recognized: None,
            name: None,
            leads: None,
            url: None,
            host: None,
            term: None,
            id: None,
            redirected: None,
        })
    }

    /// The headers of all requests.
    pub(super) fn common_headers(&mut self) -> HeaderSet {
        self.header_set(self.common.clone().into_iter().collect())
    }

    pub(super) fn path(&mut self, at: &str, text: &str) -> Option<Template> {
        if !text.starts_with('/') {
            self.add(at, format!("“{text}” begins with no /: write the path on the node"));
        }
        if text.len() > TEXT_MAX {
            self.add(at, format!("is longer than {TEXT_MAX} bytes"));
        }
        let template = self.take(at, Template::parse(text, Encoder::Url))?;
        // A browser rewrites these, and its timings are then found under no name of ours.
        if let Some(c) = template.texts().flat_map(str::chars).find(|c| !is_of_urls(*c)) {
            let encoded = encode_query(c.encode_utf8(&mut [0; 4]));
            self.add(at, format!("holds “{}”: write {encoded}", c.escape_default()));
        }
        if text.split(['/', '?']).any(|part| part == "." || part == "..") {
            self.add(at, "holds . or .. as a part, which a browser takes out: leave it out");
        }
        if template.uses(Variable::ApiKey) {
            self.add(at, "the API key goes into no address: say its header in “auth”");
        }
        self.check_target(at, &template);
        self.check_position(at, &template);
        Some(template)
    }

    /// A body's template, and whether it is JSON.
    pub(super) fn body(&mut self, at: &str, body: Option<&Value>) -> (Option<Template>, bool) {
        let (text, encoder) = match body {
            None => return (Some(Template::default()), false),
            Some(Value::String(text)) => (text.clone(), Encoder::Raw),
            Some(json) => (crate::json::write(json), Encoder::Json),
        };
        if text.len() > TEXT_MAX {
            self.add(at, format!("is longer than {TEXT_MAX} bytes"));
        }
        let template = self.take(at, Template::parse(&text, encoder));
        if template.as_ref().is_some_and(|t| t.uses(Variable::ApiKey)) {
            self.add(at, "the API key goes into no body: say its header in “auth”");
        }
        if let Some(template) = &template {
            self.check_target(at, template);
            self.check_position(at, template);
        }
        (template, encoder == Encoder::Json)
    }

    pub(super) fn request(&mut self, at: &str, file: &RequestFile) -> Option<RequestTemplate> {
        let path = self.path(&format!("{at}.path"), &file.path);
        let form = file.content_type.as_deref() == Some("application/x-www-form-urlencoded");
        let body = if let (true, Some(Value::String(text))) = (form, &file.body) {
            let template = Template::parse(text, Encoder::Form);
            self.take(&format!("{at}.body"), template)
        } else {
            self.body(&format!("{at}.body"), file.body.as_ref()).0
        };
        if file.body.is_some() && !file.method.has_body() {
            let text = format!("a browser sends no body with {}", file.method.name());
            self.add(&format!("{at}.body"), text);
        }
        self.check_headers(&format!("{at}.headers"), &file.headers);
        let mut headers = self.common.clone();
        headers.extend(file.headers.clone());
        if let Some(content_type) = &file.content_type {
            self.check_header(&format!("{at}.type"), "Content-Type", content_type);
            if file.body.is_none() {
                self.add(&format!("{at}.type"), "there is no body: leave it out");
            }
            headers.insert("Content-Type".into(), content_type.clone());
        }
        let headers = self.header_set(headers.into_iter().collect());
        Some(RequestTemplate { method: file.method, path: path?, body: body?, headers })
    }

    fn header_set(&mut self, list: Vec<(String, String)>) -> HeaderSet {
        if let Some(known) = self.headers.iter().find(|set| set.list == list) {
            return known.clone();
        }
        let set = HeaderSet::new(self.headers.len() as u16, list);
        self.headers.push(set.clone());
        set
    }

    fn check_headers(&mut self, at: &str, headers: &BTreeMap<String, String>) {
        for (name, value) in headers {
            self.check_header(&format!("{at}.{name}"), name, value);
        }
    }

    /// Notes what is wrong with a header.
    pub(super) fn check_header(&mut self, at: &str, name: &str, value: &str) {
        for problem in header_problems(name, value) {
            self.add(at, problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut file = json!({
            "title": "x",
            "operations": [{
                "name": "get", "kind": "read", "key": "known",
                "request": { "method": "GET", "path": "/${key}" }
            }]
        });
        change(&mut file);
        match read("custom", &file.to_string()) {
            Ok(_) => Vec::new(),
            Err(list) => list.into_iter().map(|(field, text)| format!("{field}: {text}")).collect(),
        }
    }

    #[test]
    fn the_least_dialect_is_one() {
        assert_eq!(problems(|_| {}), [""; 0]);
    }

    #[test]
    fn each_mistake_is_named_at_its_place() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 14] = [
            (|f| f["title"] = json!(""), "title: needs 1 to 60"),
            (|f| f["version"] = json!(2), "version: 2 is not known"),
            (|f| f["operations"] = json!([]), "operations: needs 1 to 64"),
            (|f| f["oprations"] = json!([]), ": The dialect does not fit"),
            (
                |f| f["operations"][0]["request"]["path"] = json!("x ${kee}"),
                "operations.0.request.path",
            ),
            (
                |f| f["operations"][0]["request"]["path"] = json!("/${api_key}"),
                "goes into no address",
            ),
            (|f| f["operations"][0]["request"]["body"] = json!("x"), "sends no body with GET"),
            (|f| f["operations"][0]["name"] = json!("Get it"), "operations.0.name"),
            (|f| f["operations"][0]["kind"] = json!("publish"), "operations.0.key"),
            (
                |f| f["operations"][0]["answers"] = json!([{ "class": "good" }]),
                "operations.0.answers.0.class: “good” is no class",
            ),
            (|f| f["headers"] = json!({ "Cookie": "a" }), "headers.Cookie: a browser lets no"),
            (|f| f["headers"] = json!({ "X": "a\nb" }), "headers.X: holds"),
            (|f| f["hint"] = json!({}), "hint: needs a pointer or a header"),
            (
                |f| f["leader"] = json!({ "request": { "method": "GET", "path": "/${key}" } }),
                "leader: its requests have no key",
            ),
        ];
        for (change, expected) in cases {
            let found = problems(change);
            assert!(found.iter().any(|p| p.contains(expected)), "{expected}: {found:?}");
        }
        let twice = problems(|f| {
            let operation = f["operations"][0].clone();
            f["operations"] = json!([operation.clone(), operation]);
        });
        assert_eq!(twice, ["operations.1.name: “get” is there twice"]);
    }

    #[test]
    fn headers_are_shared_and_known_as_simple_or_not() {
        let file = json!({
            "title": "x",
            "headers": { "Accept": "a/b" },
            "operations": [
                { "name": "a", "kind": "write", "key": "any",
                  "request": { "method": "POST", "path": "/", "body": { "k": "${key}" } } },
                { "name": "b", "kind": "write", "key": "any", "request": { "method": "POST",
                  "path": "/", "body": { "k": "${key}" }, "type": "application/json" } },
                { "name": "c", "kind": "write", "key": "any",
                  "request": { "method": "POST", "path": "/", "body": "k=${key}&v=${value}",
                  "type": "application/x-www-form-urlencoded" } }
            ]
        });
        let dialect = read("custom", &file.to_string()).unwrap();
        let choice = super::super::Choice { key: "a \"b", value: "c&d", version: "" };
        let requests: Vec<_> = (0..3).map(|op| dialect.request(op, &choice)).collect();
        assert_eq!(requests.iter().map(|r| r.is_simple()).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(requests[0].body, r#"{"k":"a \"b"}"#);
        assert_eq!(requests[2].body, "k=a+%22b&v=c%26d");
        let takes: Vec<bool> = dialect.operations().iter().map(|o| o.takes_value).collect();
        assert_eq!(takes, [false, false, true]);
    }
}
