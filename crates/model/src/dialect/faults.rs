//! Faults of a dialect: what can be done to a node, and undone.

use super::RequestTemplate;
use super::compile::Compiler;
use super::file::FaultFile;
use super::template::{Template, Variable};

/// Most faults.
const FAULTS_MAX: usize = 16;
/// Longest name, characters.
const NAME_MAX: usize = 30;

/// A fault that can be caused.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name in plans.
    pub name: String,
    /// It is asked of the leader, whoever that is.
    pub at_leader: bool,
    /// A node that does it gives no answer.
    pub unanswered: bool,
    pub(super) request: RequestTemplate,
    pub(super) undo: Option<RequestTemplate>,
}

impl Fault {
    /// Whether it can be undone.
    #[must_use]
    pub fn has_undo(&self) -> bool {
        self.undo.is_some()
    }

    /// Whether its request names another node.
    #[must_use]
    pub fn needs_target(&self) -> bool {
        [&self.request.path, &self.request.body].iter().any(|t| t.uses(Variable::Target))
    }
}

impl Compiler {
    /// Compiles the faults. `has_ids` says that nodes tell their ids.
    pub(super) fn faults(&mut self, files: &[FaultFile], has_ids: bool) -> Vec<Fault> {
        if files.len() > FAULTS_MAX {
            self.add("faults", format!("has more than {FAULTS_MAX}"));
        }
        let mut list: Vec<Fault> = Vec::new();
        for (i, file) in files.iter().enumerate().take(FAULTS_MAX) {
            let at = format!("faults.{i}");
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let begins = file.name.starts_with(|c: char| c.is_ascii_lowercase());
            let taken = ["say", "remove"].contains(&file.name.as_str());
            if !begins || !file.name.chars().all(fits) || file.name.len() > NAME_MAX || taken {
                let text = format!(
                    "“{}” is no name: up to {NAME_MAX} of a-z, 0-9 and -, a letter first; not say \
                     and remove",
                    file.name
                );
                self.add(&format!("{at}.name"), text);
            }
            if list.iter().any(|fault| fault.name == file.name) {
                self.add(&format!("{at}.name"), format!("“{}” is there twice", file.name));
            }
            let request = self.request(&format!("{at}.request"), &file.request);
            let undo = file.undo.as_ref();
            let undo = undo.map(|undo| self.request(&format!("{at}.undo"), undo));
            let Some(request) = request else { continue };
            let fault = Fault {
                name: file.name.clone(),
                at_leader: file.at_leader,
                unanswered: file.unanswered,
                request,
                undo: undo.flatten(),
            };
            if fault.needs_target() && !has_ids {
                self.add(&format!("{at}.request"), "${target} needs “id_at” in “leader”");
            }
            let others = [Variable::Key, Variable::Value, Variable::Version];
            let requests = [&fault.request].into_iter().chain(&fault.undo);
            let keyed = requests
                .flat_map(|r| [&r.path, &r.body])
                .any(|template| others.iter().any(|v| template.uses(*v)));
            if keyed {
                self.add(&at, "a fault has no key and no value: ${target} is its only place");
            }
            list.push(fault);
        }
        list
    }

    /// `${target}` stands in faults only.
    pub(super) fn check_target(&mut self, at: &str, template: &Template) {
        if template.uses(Variable::Target) && !at.starts_with("faults.") {
            self.add(at, "${target} stands in a fault's request only");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{built_in, compile};
    use serde_json::json;

    #[test]
    fn faults_are_checked() {
        let with = |faults: serde_json::Value| {
            let mut file = serde_json::to_value(built_in("insi").unwrap().file()).unwrap();
            file["faults"] = faults;
            match compile("custom", serde_json::from_value(file).unwrap()) {
                Ok(dialect) => dialect.faults().iter().map(|f| f.name.clone()).collect(),
                Err(problems) => problems.into_iter().map(|(field, _)| field).collect::<Vec<_>>(),
            }
        };
        let post = |path: &str| json!({"method": "POST", "path": path});
        let fault = |name: &str, path: &str| json!({"name": name, "request": post(path)});
        assert_eq!(with(json!([fault("stop", "/stop")])), ["stop"]);
        assert_eq!(with(json!([fault("Stop it", "/stop")])), ["faults.0.name"]);
        assert_eq!(with(json!([fault("say", "/stop")])), ["faults.0.name"]);
        let twice = json!([fault("stop", "/stop"), fault("stop", "/halt")]);
        assert_eq!(with(twice), ["faults.1.name"]);
        assert_eq!(with(json!([fault("stop", "/${key}")])), ["faults.0"]);
        assert_eq!(with(json!([fault("move", "/${target}")])), ["faults.0.request"]);
        assert_eq!(with(json!([fault("move", "stop")])), ["faults.0.request.path"]);
    }

    #[test]
    fn the_leader_of_etcd_is_moved_to_a_node_by_its_id() {
        let etcd = built_in("etcd").unwrap();
        let request = etcd.fault_request(0, "8689540491507038461").unwrap();
        assert_eq!(request.path, "/v3/maintenance/transfer-leadership");
        assert_eq!(request.body, r#"{"targetID":"8689540491507038461"}"#);
        assert!(etcd.undo_request(0).is_none() && etcd.faults()[0].needs_target());
        let insi = built_in("insi").unwrap();
        assert_eq!(insi.undo_request(0).unwrap().path, "/fault/resume");
        // No operation may name a node.
        let mut file = insi.file().clone();
        file.operations[0].request.path = "/${target}".into();
        let problems = compile("custom", file).unwrap_err();
        assert_eq!(problems[0].0, "operations.0.request.path");
    }
}
