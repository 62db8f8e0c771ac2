//! OpenAPI documents (2.0 and 3.x) as JSON: an operation each, with examples for its parameters.
//! The last parameter of a path becomes the key; a body is the document's example, or made from
//! its schema.

use serde_json::{Map, Value, json};

use super::{Found, Raw, split_url};
use crate::dialect::words::Method;

/// The place of a request's value.
const VALUE: &str = "${value}";
/// How deep a schema is followed.
const DEPTH_MAX: u32 = 6;
/// Most values that are made of one schema.
const VALUES_MAX: u32 = 500;
/// Most operations that are read.
const READ_MAX: usize = 65;

/// Reads all operations of a document.
pub(super) fn read(json: &Value) -> Result<Found, String> {
    let paths = json.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or("The OpenAPI document has no paths.")?;
    let (origin, base) = server(json);
    let (mut requests, mut notes) = (Vec::new(), Vec::new());
    for (path, item) in paths {
        let Some(item) = item.as_object() else { continue };
        for (word, operation) in item {
            let method = Method::ALL.into_iter().find(|m| m.name().eq_ignore_ascii_case(word));
            let Some(method) = method else {
                if ["options", "trace"].contains(&word.as_str()) {
                    notes.push(format!("{word} {path} was left out."));
                }
                continue;
            };
            if requests.len() >= READ_MAX {
                return Ok((requests, notes));
            }
            let parameters = [item.get("parameters"), operation.get("parameters")];
            let parameters: Vec<&Value> = parameters
                .into_iter()
                .flatten()
                .filter_map(Value::as_array)
                .flatten()
                .map(|parameter| resolved(json, parameter))
                .collect();
            let (body, content_type) = body(json, operation, &parameters);
            let mut headers: Vec<(String, String)> =
                content_type.map(|t| ("Content-Type".to_string(), t)).into_iter().collect();
            headers.extend(
                parameters
                    .iter()
                    .filter(|p| is_in(p, "header") && is_required(p))
                    .filter_map(|p| Some((name(p)?.to_string(), example(json, p)))),
            );
            let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
            requests.push(Raw {
                method: Some(method),
                origin: origin.clone(),
                path: format!("{base}{}", filled(json, path, &parameters)),
                headers,
                body: body.filter(|_| method.has_body()),
                name: name.to_string(),
            });
        }
    }
    Ok((requests, notes))
}

/// Origin and base path of the first server.
fn server(json: &Value) -> (String, String) {
    let word = |at: &str| json.pointer(at).and_then(Value::as_str);
    if let Some(url) = word("/servers/0/url") {
        let base = |path: &str| path.trim_end_matches('/').to_string();
        return match split_url(url) {
            Some((origin, path)) if url.contains("://") => (origin, base(&path)),
            _ if url.starts_with('/') => (String::new(), base(url)),
            _ => Default::default(),
        };
    }
    let scheme = word("/schemes/0").unwrap_or("http");
    let origin = word("/host").map(|host| format!("{scheme}://{host}")).unwrap_or_default();
    (origin, word("/basePath").unwrap_or_default().trim_end_matches('/').to_string())
}

/// What a `$ref` within the document points at.
fn resolved<'a>(json: &'a Value, value: &'a Value) -> &'a Value {
    let target = value.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    target.and_then(|pointer| json.pointer(pointer)).unwrap_or(value)
}

fn is_in(parameter: &Value, place: &str) -> bool {
    parameter.get("in").and_then(Value::as_str) == Some(place)
}

fn is_required(parameter: &Value) -> bool {
    parameter.get("required").and_then(Value::as_bool) == Some(true)
}

fn name(parameter: &Value) -> Option<&str> {
    parameter.get("name").and_then(Value::as_str)
}

/// An example of a parameter as text.
fn example(json: &Value, parameter: &Value) -> String {
    let schema = parameter.get("schema").unwrap_or(parameter);
    let own = parameter.get("example").cloned();
    match own.unwrap_or_else(|| sample(json, schema, 0, &mut VALUES_MAX.clone())) {
        // Neither an address nor a header of this kind has a place for the value.
        Value::String(text) if text == VALUE => "text".into(),
        Value::String(text) => text,
        other => crate::json::write(&other),
    }
}

/// The path with its parameters: the last one is the key. Required query parameters follow.
fn filled(json: &Value, path: &str, parameters: &[&Value]) -> String {
    let mut out = path.to_string();
    let places: Vec<&str> =
        path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
    for (i, place) in places.iter().enumerate() {
        let text = if i + 1 == places.len() {
            "${key}".to_string()
        } else {
            let known = parameters.iter().find(|p| is_in(p, "path") && name(p) == Some(place));
            known.map_or_else(|| "1".into(), |p| crate::dialect::encode_query(&example(json, p)))
        };
        out = out.replacen(&format!("{{{place}}}"), &text, 1);
    }
    let query = parameters.iter().filter(|p| is_in(p, "query") && is_required(p));
    for (i, parameter) in query.enumerate() {
        let value = crate::dialect::encode_query(&example(json, parameter));
        let sign = if i == 0 { '?' } else { '&' };
        out.push_str(&format!("{sign}{}={value}", name(parameter).unwrap_or_default()));
    }
    out
}

/// The body's text and its content type.
fn body(
    json: &Value,
    operation: &Value,
    parameters: &[&Value],
) -> (Option<String>, Option<String>) {
    if let Some(body) = operation.get("requestBody") {
        let content = resolved(json, body).get("content").and_then(Value::as_object);
        let choice = content
            .and_then(|all| all.get_key_value("application/json").or_else(|| all.iter().next()));
        if let Some((kind, media)) = choice {
            let example = media.get("example").cloned();
            let examples = media.get("examples").and_then(Value::as_object);
            let first = examples.and_then(|e| e.values().next()?.get("value").cloned());
            let schema = media.get("schema").unwrap_or(&Value::Null);
            let made = example
                .or(first)
                .unwrap_or_else(|| sample(json, schema, 0, &mut VALUES_MAX.clone()));
            return (Some(text(&made)), Some(kind.clone()));
        }
    }
    let own = parameters.iter().find(|p| is_in(p, "body"));
    let made = own
        .and_then(|p| p.get("schema"))
        .map(|schema| sample(json, schema, 0, &mut VALUES_MAX.clone()));
    let kind = made.as_ref().map(|_| "application/json".to_string());
    (made.as_ref().map(text), kind)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => crate::json::write(other),
    }
}

/// A value that fits a schema: its example, its default, or one made up. Texts without either are
/// the value of each request.
fn sample(json: &Value, schema: &Value, depth: u32, left: &mut u32) -> Value {
    let schema = resolved(json, schema);
    *left = left.saturating_sub(1);
    if depth > DEPTH_MAX || *left == 0 {
        return Value::Null;
    }
    for known in ["example", "default", "const"] {
        if let Some(value) = schema.get(known) {
            return value.clone();
        }
    }
    if let Some(first) = schema.pointer("/enum/0").or_else(|| schema.pointer("/examples/0")) {
        return first.clone();
    }
    for many in ["allOf", "oneOf", "anyOf"] {
        let Some(list) = schema.get(many).and_then(Value::as_array) else { continue };
        if many != "allOf" {
            return list.first().map_or(Value::Null, |one| sample(json, one, depth + 1, left));
        }
        let mut all = Map::new();
        for part in list {
            if let Value::Object(fields) = sample(json, part, depth + 1, left) {
                all.extend(fields);
            }
        }
        return Value::Object(all);
    }
    let kind = schema.get("type").and_then(|t| t.as_str().or_else(|| t.get(0)?.as_str()));
    match kind {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => {
            json!([sample(json, schema.get("items").unwrap_or(&Value::Null), depth + 1, left)])
        }
        Some("string") => VALUE.into(),
        _ => match schema.get("properties").and_then(Value::as_object) {
            Some(fields) => {
                let mut made = Map::new();
                for (name, field) in fields {
                    if *left == 0 {
                        break;
                    }
                    made.insert(name.clone(), sample(json, field, depth + 1, left));
                }
                Value::Object(made)
            }
            None => json!({}),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Choice, compile};
    use super::super::import;
    use super::*;

    #[test]
    fn operations_of_a_document_become_requests() {
        let text = json!({
            "openapi": "3.0.3", "info": { "title": "Pets" },
            "servers": [{ "url": "https://pets.example/api/" }],
            "paths": {
                "/owners/{owner}/pets/{id}": {
                    "parameters": [{ "$ref": "#/components/parameters/owner" }],
                    "get": { "operationId": "getPet", "parameters": [
                        { "name": "view", "in": "query", "required": true, "schema": { "enum": ["a b"] } },
                        { "name": "page", "in": "query", "schema": { "type": "integer" } } ] },
                    "put": { "operationId": "putPet", "requestBody": { "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } } } } },
                    "trace": {}
                },
                "/pets": { "get": {} }
            },
            "components": {
                "parameters": { "owner": { "name": "owner", "in": "path", "required": true, "example": "o/1" } },
                "schemas": { "Pet": { "type": "object", "properties": {
                    "name": { "type": "string" }, "age": { "type": "integer" },
                    "tags": { "type": "array", "items": { "type": "string" } },
                    "parent": { "$ref": "#/components/schemas/Pet" } } } }
            }
        })
        .to_string();
        let made = import(&text).unwrap();
        assert_eq!(
            (made.file.title.as_str(), &made.nodes[..]),
            ("Pets", &["https://pets.example".to_string()][..])
        );
        let dialect = compile("custom", made.file).unwrap();
        let names: Vec<&str> = dialect.operations().iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["get_pet", "put_pet", "get_pets"]);
        let choice = Choice { key: "k-1", value: "v", version: "" };
        let get = dialect.request(0, &choice);
        assert_eq!(get.path, "/api/owners/o%2F1/pets/k-1?view=a%20b");
        let put: Value = serde_json::from_str(&dialect.request(1, &choice).body).unwrap();
        assert_eq!(put["name"], "v");
        assert_eq!((&put["age"], &put["tags"]), (&json!(1), &json!(["v"])));
        assert_eq!(dialect.request(2, &choice).path, "/api/pets");
    }

    #[test]
    fn a_schema_of_itself_many_times_comes_to_an_end() {
        let own = json!({ "$ref": "#/s" });
        let fields: Map<String, Value> = (0..40).map(|i| (format!("f{i}"), own.clone())).collect();
        let text = json!({
            "openapi": "3.0.0", "info": {}, "s": { "properties": fields },
            "paths": { "/x/{a}/{b}": {
                "parameters": [{ "name": "a", "in": "path", "schema": { "type": "string" } }],
                "post": { "requestBody": { "content": { "application/json": { "schema": own } } } } } }
        });
        let made = import(&text.to_string()).unwrap();
        let request = &made.file.operations[0].request;
        assert_eq!(request.path, "/x/text/${key}");
        assert!(crate::json::write(&request.body).len() < 65_536);
    }

    #[test]
    fn the_older_form_is_read_too() {
        let text = json!({
            "swagger": "2.0", "info": {}, "host": "a:1", "basePath": "/v1",
            "paths": { "/x": { "post": { "parameters": [{ "in": "body", "name": "b",
                "schema": { "type": "object", "properties": { "n": { "type": "number" } } } }] } } }
        });
        let made = import(&text.to_string()).unwrap();
        assert_eq!(made.nodes, ["http://a:1"]);
        let request = &made.file.operations[0].request;
        assert_eq!(
            (request.path.as_str(), request.body.clone()),
            ("/v1/x", Some(json!({ "n": 1 })))
        );
    }
}
