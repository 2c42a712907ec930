//! The schemas of an OpenAPI document: finding them, and holding values against them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::Value;

/// A document, and the checks that were built from it so far.
pub(super) struct Schemas {
    root: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    pub(super) fn new(root: Value) -> Self {
        Self { root, validators: Mutex::default() }
    }

    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// What a `$ref` points to; the value itself if it is none.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        while let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            value = self
                .root
                .pointer(pointer)
                .unwrap_or_else(|| panic!("the document has no {reference}"));
        }
        value
    }

    /// Holds JSON against a schema.
    pub(super) fn check(&self, schema: &Value, value: &Value, what: &str) -> Result<(), String> {
        let validator = self.validator(schema);
        let faults = validator.iter_errors(value);
        let faults: Vec<String> = faults.map(|fault| place_and_fault(&fault)).collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("{what}: {}", faults.join("; "))) }
    }

    /// Holds text from a header or a query string against a schema. There, everything is
    /// text; a schema that asks for a number or a truth value means the text of one.
    pub(super) fn check_text(&self, schema: &Value, text: &str, what: &str) -> Result<(), String> {
        let kind = self.resolve(schema)["type"].as_str().unwrap_or("string");
        let value = match kind {
            "integer" | "number" | "boolean" => serde_json::from_str(text).unwrap_or(text.into()),
            _ => Value::from(text),
        };
        self.check(schema, &value, what)
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            // The schema becomes a document of its own, in which `#/components` still exists.
            let mut alone = schema.as_object().cloned().unwrap_or_default();
            alone.insert("components".to_owned(), self.root["components"].clone());
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            let built = options.should_validate_formats(true).build(&Value::Object(alone));
            Arc::new(built.unwrap_or_else(|fault| panic!("not a schema: {fault}\n{schema}")))
        });
        Arc::clone(validator)
    }
}

impl fmt::Debug for Schemas {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Schemas({})", self.root["info"]["title"])
    }
}

fn place_and_fault(fault: &jsonschema::ValidationError<'_>) -> String {
    // A fault begins with the value, and that can be a whole list; what is wrong stands last.
    let text: Vec<char> = fault.to_string().chars().collect();
    let shown: String = text[text.len().saturating_sub(300)..].iter().collect();
    let place = fault.instance_path().to_string();
    if place.is_empty() { shown } else { format!("{place}: {shown}") }
}
