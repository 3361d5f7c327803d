//! As much of JSON Schema as docs/plan.schema.json uses. A member that the schema does not know fails.

use serde_json::Value;

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema has the type {other}"),
    }
}

/// Panics where `value` is not by `schema`; `at` says where it is.
pub fn check(schema: &Value, value: &Value, at: &str) {
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "title" | "items" | "properties" => {}
            "const" => assert_eq!(value, rule, "{at}"),
            "enum" => assert!(rule.as_array().unwrap().contains(value), "{at}: {value}"),
            "type" => {
                let names = rule
                    .as_array()
                    .map_or(core::slice::from_ref(rule), |all| all);
                let fits = names.iter().any(|name| is(name.as_str().unwrap(), value));
                assert!(fits, "{at}: {value} is no {rule}");
            }
            "required" => {
                let names = rule.as_array().unwrap().iter();
                for name in names.filter(|_| value.is_object()) {
                    let name = name.as_str().unwrap();
                    assert!(value.get(name).is_some(), "{at}: no {name}");
                }
            }
            other => panic!("the schema has the keyword {other}"),
        }
    }
    for (key, member) in value.as_object().into_iter().flatten() {
        let known = schema.get("properties").and_then(|all| all.get(key));
        check(
            known.unwrap_or_else(|| panic!("{at}: {key} is not in the schema")),
            member,
            &format!("{at}.{key}"),
        );
    }
    for (number, element) in value.as_array().into_iter().flatten().enumerate() {
        check(&schema["items"], element, &format!("{at}[{number}]"));
    }
}
