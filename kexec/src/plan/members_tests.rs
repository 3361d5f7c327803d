use std::string::String;

use super::*;

fn written(write: impl FnOnce(&mut Json<'_>)) -> String {
    let mut out = String::new();
    let mut json = Json::new(&mut out);
    write(&mut json);
    json.finish().unwrap();
    out
}

#[test]
fn levels_lines_and_commas() {
    let text = written(|json| {
        json.open("", "{");
        json.number("one", 1);
        json.open("none", "[");
        json.close("]");
        json.open("some", "[");
        json.open_small("");
        json.flag("yes", Some(true));
        json.open_small("in");
        json.close_small();
        json.null("null");
        json.close_small();
        json.open_small("");
        json.close_small();
        json.text("", "x");
        json.close("]");
        json.maybe("large", Some(u64::MAX));
        json.close("}");
    });
    assert_eq!(
        text,
        "{\n  \"one\": 1,\n  \"none\": [],\n  \"some\": [\n    {\"yes\": true, \"in\": {}, \"null\": null},\n    \
         {},\n    \"x\"\n  ],\n  \"large\": 18446744073709551615\n}\n"
    );
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}

/// Read by another implementation, every byte is a text again.
#[test]
fn any_bytes_are_one_string() {
    for byte in 0..=255_u8 {
        for bytes in [&[byte][..], &[b'"', byte, b'\\'], &[0xc3, byte, 0xa4]] {
            let text = written(|json| {
                json.open("", "{");
                json.bytes("line", bytes);
                json.close("}");
            });
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["line"], *String::from_utf8_lossy(bytes), "{bytes:x?}");
            let hex: String = bytes
                .iter()
                .map(|byte| std::format!("{byte:02x}"))
                .collect();
            match core::str::from_utf8(bytes) {
                Ok(_) => assert_eq!(value.get("line_hex"), None, "{bytes:x?}"),
                Err(_) => assert_eq!(value["line_hex"], hex),
            }
            let lines = text.chars().filter(|c| c.is_control()).count();
            assert_eq!(lines, text.lines().count(), "{bytes:x?}");
        }
    }
}

#[test]
fn the_first_failure_stays() {
    struct Full(usize);
    impl Write for Full {
        fn write_str(&mut self, text: &str) -> Result {
            self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let whole = "{\n  \"line\": \"\\u0007\"\n}\n".len();
    for room in 0..=whole {
        let mut full = Full(room);
        let mut json = Json::new(&mut full);
        json.open("", "{");
        json.bytes("line", b"\x07");
        json.close("}");
        assert_eq!(json.finish().is_ok(), room == whole, "{room}");
    }
}
