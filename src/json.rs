//! JSON text to values and back: one way for all files.
//!
//! What serde derives can read a struct from an object and from a list of its fields in order. No file of ours has
//! structs as lists, and the code for it is as long as that for objects: here a struct is an object.
//!
//! May not enter: what any file means. Called by: whoever reads or writes JSON. Calls: nothing.
//! Tests: beside the code.

mod write;

use std::fmt;

use serde::Serialize;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Error, Value};

pub use write::write;

/// Reads a whole JSON text.
///
/// # Errors
/// It is no JSON, or not of this type: what is wrong, and where.
pub fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = T::deserialize(ByName(&mut json))?;
    json.end()?;
    Ok(value)
}

/// Reads what a value in memory says.
///
/// # Errors
/// It is not of this type: what is wrong.
pub fn read_value<T: for<'de> Deserialize<'de>>(value: &Value) -> Result<T, String> {
    // By way of its text: a second way to read each type would cost the page more.
    let told = |e: Error| {
        let (text, place) = (e.to_string(), format!(" at line {} column {}", e.line(), e.column()));
        text.strip_suffix(&place).unwrap_or(&text).to_string()
    };
    read(write(value).as_bytes()).map_err(told)
}

/// JSON text with a field a line, as `serde_json::to_string_pretty` writes it.
#[must_use]
pub fn pretty<T: Serialize>(value: &T) -> String {
    // Spread out afterwards: a second way to write each type would cost the page more.
    spread_out(&write(value))
}

fn spread_out(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    };
    let (mut depth, mut opened, mut quoted, mut escaped) = (0_usize, false, false, false);
    for c in compact.chars() {
        let closes = !quoted && matches!(c, '}' | ']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        // What is empty stays on its line.
        if opened != closes {
            line(&mut out, depth);
        }
        opened = false;
        out.push(c);
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => quoted = true,
            '{' | '[' => (depth, opened) = (depth + 1, true),
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

/// A deserializer, or a part of one, that offers a struct's fields by their names only.
struct ByName<T>(T);

macro_rules! as_it_is {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        })*
    };
}

macro_rules! by_name {
    ($($method:ident($($argument:ident: $kind:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* ByName(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ByName<D> {
    type Error = D::Error;

    as_it_is! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier
        deserialize_ignored_any
    }

    by_name! {
        deserialize_any() deserialize_option() deserialize_seq() deserialize_map()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(ByName(visitor))
    }
}

macro_rules! values_as_they_are {
    ($($method:ident($kind:ty))*) => {
        $(fn $method<E: serde::de::Error>(self, value: $kind) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ByName<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    values_as_they_are! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(ByName(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(ByName(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(ByName(access))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(ByName(access))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(ByName(access))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for ByName<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(ByName(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for ByName<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(ByName(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for ByName<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(ByName(seed))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for ByName<A> {
    type Error = A::Error;
    type Variant = ByName<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, ByName<A::Variant>), A::Error> {
        let (value, variant) = self.0.variant_seed(seed)?;
        Ok((value, ByName(variant)))
    }
}

/// Variants of ours in files are names without anything in them.
impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for ByName<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(ByName(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, ByName(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, ByName(visitor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Leaf {
        a: u32,
        #[serde(default)]
        b: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Tree {
        leaf: Option<Leaf>,
        leaves: Vec<(String, Leaf)>,
        any: Value,
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        let text =
            r#"{"any":{"x":[1,-2.5,true,null,"y\n"]},"leaf":{"a":1,"b":"é"},"leaves":[["n",{"a":2}]]}"#;
        let tree: Tree = read(text.as_bytes()).unwrap();
        assert_eq!(tree, serde_json::from_str(text).unwrap());
        assert_eq!(read_value::<Tree>(&serde_json::from_str(text).unwrap()).unwrap(), tree);
        for broken in ["", "{", "[1]", "{\"a\":1} x", "{\"a\":-1}", "{\"b\":\"x\"}", "{\"a\":1,\"a\":1}"] {
            let ours = read::<Leaf>(broken.as_bytes()).unwrap_err().to_string();
            if broken != "[1]" {
                assert_eq!(ours, serde_json::from_str::<Leaf>(broken).unwrap_err().to_string());
            }
        }
    }

    #[test]
    fn a_struct_is_no_list() {
        let error = read::<Leaf>(b"[1, null]").unwrap_err();
        assert_eq!(error.to_string(), "invalid type: sequence, expected struct Leaf at line 1 column 0");
    }

    #[test]
    fn pretty_is_what_serde_json_calls_pretty() {
        let value = json!({
            "a": [], "b": {}, "c": [[], {}, [1, 2.5], { "x": null }],
            "d": "{[\"\\", "\\\",:": { "e": true }, "é\n": "",
        });
        assert_eq!(pretty(&value), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(pretty(&7), "7");
    }

    #[test]
    fn of_a_value_there_is_no_line_to_tell() {
        let told = read_value::<Leaf>(&json!({ "a": "x" })).unwrap_err();
        assert_eq!(told, "invalid type: string \"x\", expected u32");
    }
}
