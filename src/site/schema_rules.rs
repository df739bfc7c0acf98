//! What a schema of custom fields may say beyond what JSON Schema allows: it refers to nothing but itself, and checking by it
//! ends in bounded time. Pure.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::site::custom_fields::{MAX_DEPTH, SchemaFault};

/// The most steps that checking one value of each place may take. A schema of some hundred fields takes some hundred.
const MAX_STEPS: u64 = 50_000;

/// The most schemas that lead into one another.
const MAX_NESTING: usize = 200;

/// Keywords with schemas for the same value: one, several in a list, or several by name.
const SAME_VALUE: [&str; 10] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
    "$ref",
];

/// Keywords with schemas for what is inside of the value.
const INNER_VALUES: [&str; 10] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "prefixItems",
    "items",
    "additionalItems",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose schemas stand one level down, below names.
const BY_NAME: [&str; 4] = ["properties", "patternProperties", "dependentSchemas", "dependencies"];

/// Keywords that look at the same value once more, to learn what the others have looked at.
const AGAIN: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];

/// Keywords whose content is data, in which nothing refers to anything.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "$comment"];

/// Checks that a schema refers only to itself, never in a circle, and takes a bounded number of steps.
///
/// # Errors
/// [`SchemaFault`] at the first place that breaks a rule.
pub fn check(schema: &Value) -> Result<(), SchemaFault> {
    check_references(schema, &Place::root())?;
    let mut walk = Walk {
        root: schema,
        nesting: 0,
        steps: HashMap::new(),
    };
    match walk.steps(schema, &Place::root(), MAX_DEPTH)? {
        0..=MAX_STEPS => Ok(()),
        _ => Err(SchemaFault::at(
            "",
            "it takes too many steps to check, since its parts refer to one another too often; make it simpler",
        )),
    }
}

/// A place in the schema.
struct Place {
    /// Its JSON Pointer.
    pointer: String,
}

impl Place {
    fn root() -> Self {
        Self { pointer: String::new() }
    }

    fn below(&self, name: &str) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("{}/{name}", self.pointer),
        }
    }

    fn fault(&self, detail: impl Into<String>) -> SchemaFault {
        SchemaFault::at(&self.pointer, detail)
    }
}

/// Refuses references out of the schema, wherever they stand, and what would give `#` another meaning below the root.
fn check_references(value: &Value, place: &Place) -> Result<(), SchemaFault> {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| !DATA.contains(&name.as_str())) {
                let place_of_member = place.below(name);
                match (name.as_str(), member) {
                    ("$ref", Value::String(target)) => check_target(target, &place_of_member)?,
                    ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                        return Err(place_of_member.fault("it is not supported here; use $ref"));
                    }
                    ("$id" | "$schema", Value::String(_)) if !place.pointer.is_empty() => {
                        return Err(place_of_member.fault("it may stand only at the root of the schema; remove it"));
                    }
                    (_, member) => check_references(member, &place_of_member)?,
                }
            }
            Ok(())
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check_references(item, &place.below(&index.to_string()))),
        _ => Ok(()),
    }
}

fn check_target(target: &str, place: &Place) -> Result<(), SchemaFault> {
    let is_pointer = target == "#" || target.starts_with("#/");
    match is_pointer && !target.contains('%') {
        true => Ok(()),
        false => Err(place
            .fault("it may refer only to a place in this schema, as a JSON Pointer after #, such as #/$defs/person")),
    }
}

/// A walk over every schema that can be met while a value is checked.
struct Walk<'a> {
    root: &'a Value,
    /// How many schemas the walk is in.
    nesting: usize,
    /// The steps of what was walked over, by place and by the levels that a value has left below there. `None` is a place
    /// that the walk is in.
    steps: HashMap<(String, usize), Option<u64>>,
}

impl<'a> Walk<'a> {
    /// How many schemas are looked into to check a value that has so many levels.
    fn steps(&mut self, schema: &'a Value, place: &Place, levels: usize) -> Result<u64, SchemaFault> {
        let Value::Object(keywords) = schema else {
            return Ok(1);
        };
        let key = (place.pointer.clone(), levels);
        match self.steps.get(&key) {
            Some(Some(steps)) => return Ok(*steps),
            Some(None) => return Err(place.fault("it refers to itself in a circle; break the circle")),
            None => {}
        }
        if self.nesting >= MAX_NESTING {
            return Err(place.fault("its parts are nested too deeply; make it simpler"));
        }
        self.steps.insert(key.clone(), None);
        self.nesting = self.nesting.saturating_add(1);
        let same = self.steps_of(&SAME_VALUE, keywords, place, levels)?;
        let again = match AGAIN.iter().any(|keyword| keywords.contains_key(*keyword)) {
            true => same,
            false => 0,
        };
        let inner = match levels.checked_sub(1) {
            None => 0,
            Some(levels) => self.steps_of(&INNER_VALUES, keywords, place, levels)?,
        };
        let steps = 1_u64.saturating_add(same).saturating_add(again).saturating_add(inner);
        self.nesting = self.nesting.saturating_sub(1);
        self.steps.insert(key, Some(steps));
        Ok(steps)
    }

    fn steps_of(
        &mut self,
        keywords: &[&str],
        schema: &'a Map<String, Value>,
        place: &Place,
        levels: usize,
    ) -> Result<u64, SchemaFault> {
        let mut sum = 0_u64;
        for keyword in keywords {
            let Some(value) = schema.get(*keyword) else { continue };
            let place = place.below(keyword);
            let steps = match (*keyword, value) {
                ("$ref", Value::String(target)) => self.steps_of_target(target, &place, levels)?,
                (keyword, Value::Object(named)) if BY_NAME.contains(&keyword) => {
                    let schemas = named.iter().map(|(name, schema)| (place.below(name), schema));
                    self.sum(schemas, levels)?
                }
                (_, Value::Array(listed)) => {
                    let schemas = listed.iter().enumerate();
                    let schemas = schemas.map(|(index, schema)| (place.below(&index.to_string()), schema));
                    self.sum(schemas, levels)?
                }
                (_, schema) => self.steps(schema, &place, levels)?,
            };
            sum = sum.saturating_add(steps);
        }
        Ok(sum)
    }

    fn sum(&mut self, schemas: impl Iterator<Item = (Place, &'a Value)>, levels: usize) -> Result<u64, SchemaFault> {
        let mut sum = 0_u64;
        for (place, schema) in schemas {
            sum = sum.saturating_add(self.steps(schema, &place, levels)?);
        }
        Ok(sum)
    }

    fn steps_of_target(&mut self, target: &str, place: &Place, levels: usize) -> Result<u64, SchemaFault> {
        let pointer = target.strip_prefix('#').unwrap_or(target);
        let Some(schema) = self.root.pointer(pointer) else {
            return Err(place.fault(format!("there is nothing at {target} in this schema")));
        };
        let target = Place {
            pointer: pointer.to_owned(),
        };
        self.steps(schema, &target, levels)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointer_of_fault(schema: &Value) -> String {
        check(schema).unwrap_err().pointer
    }

    /// Definitions of which each refers to the next one twice.
    fn doubling(keyword: &str, levels: usize) -> Value {
        let mut definitions: Map<String, Value> = (0..levels)
            .map(|level| {
                let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
                (format!("d{level}"), json!({keyword: [next.clone(), next]}))
            })
            .collect();
        definitions.insert(format!("d{levels}"), json!({"minProperties": 1}));
        json!({"type": "object", "$defs": definitions, "$ref": "#/$defs/d0"})
    }

    #[test]
    fn a_schema_may_refer_to_its_own_parts_also_in_trees() {
        let block = json!({
            "type": "object",
            "properties": {"text": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/block"}}}
        });
        let forms = json!({"oneOf": [{"$ref": "#/$defs/block"}, {"$ref": "#/$defs/block"}, {"type": "string"}]});
        let schema = json!({"type": "object", "$defs": {"block": block, "form": forms},
            "properties": {"a": {"$ref": "#/$defs/form"}, "$ref": {"type": "string"}, "default": {"const": {"$ref": "x"}}},
            "additionalProperties": {"$ref": "#"}});
        assert_eq!(check(&schema), Ok(()));
    }

    #[test]
    fn a_schema_refers_to_nothing_else() {
        for target in [
            "https://example.org/a",
            "file:///a",
            "other.json",
            "#name",
            "",
            "#/$defs/a%20b",
            "/$defs/a",
        ] {
            let schema = json!({"type": "object", "$defs": {"a/b": {"items": {"$ref": target}}}});
            assert_eq!(pointer_of_fault(&schema), "/$defs/a~1b/items/$ref", "{target}");
        }
        let schema = json!({"properties": {"a": {"$ref": "#/$defs/a"}}});
        assert_eq!(pointer_of_fault(&schema), "/properties/a/$ref");
        assert_eq!(
            pointer_of_fault(&json!({"allOf": [{"$dynamicRef": "#a"}]})),
            "/allOf/0/$dynamicRef"
        );
        assert_eq!(pointer_of_fault(&json!({"allOf": [{"$id": "a"}]})), "/allOf/0/$id");
        assert_eq!(check(&json!({"$id": "https://example.org/a"})), Ok(()));
    }

    #[test]
    fn a_circle_is_refused_and_a_tree_is_none() {
        assert_eq!(pointer_of_fault(&json!({"$ref": "#"})), "");
        let schema = json!({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}},
            "properties": {"x": {"$ref": "#/$defs/a"}}});
        assert_eq!(pointer_of_fault(&schema), "/$defs/a");
        assert_eq!(check(&json!({"properties": {"x": {"$ref": "#"}}})), Ok(()));
    }

    #[test]
    fn a_schema_that_doubles_its_work_is_refused() {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            assert_eq!(check(&doubling(keyword, 8)), Ok(()));
            assert_eq!(pointer_of_fault(&doubling(keyword, 60)), "", "{keyword}");
        }
        let mut schema = json!({"minProperties": 1});
        for _ in 0..30 {
            schema = json!({"allOf": [schema], "unevaluatedProperties": false});
        }
        assert_eq!(pointer_of_fault(&schema), "");
        let spread = json!({"items": {"allOf": vec![json!({"$ref": "#"}); 16]}});
        assert_eq!(pointer_of_fault(&spread), "");
        assert!(check(&doubling("allOf", 300)).unwrap_err().detail.contains("nested"));
    }
}
