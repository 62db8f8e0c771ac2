//! Writes what serde describes as JSON text, with nothing in between that could fail: writing to memory does not,
//! and an error that is never there costs every type a third of its code.

use std::fmt;

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// JSON text on one line, as `serde_json::to_string` writes it.
#[must_use]
pub fn write<T: Serialize + ?Sized>(value: &T) -> String {
    let mut writer = Writer(Vec::new());
    let Ok(()) = value.serialize(&mut writer);
    String::from_utf8(writer.0).unwrap_or_default()
}

struct Writer(Vec<u8>);

impl Writer {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A number, a string, a truth value.
    fn scalar<T: Serialize + ?Sized>(&mut self, value: &T) {
        // There is always room in memory.
        serde_json::to_writer(&mut self.0, value).unwrap_or_default();
    }

    fn string(&mut self, text: &str) {
        self.scalar(text);
    }

    /// Between what comes next and what is there.
    fn comma(&mut self) {
        if !matches!(self.0.last(), Some(b'{' | b'[')) {
            self.text(",");
        }
    }

    fn key(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.text(":");
    }

    fn open(&mut self, begin: &str, end: &'static str) -> Open<'_> {
        self.text(begin);
        Open { writer: self, end }
    }

    /// A variant with something in it: an object of one field.
    fn variant(&mut self, name: &str) {
        self.text("{");
        self.key(name);
    }
}

/// An object or a list, up to its last bracket.
struct Open<'a> {
    writer: &'a mut Writer,
    end: &'static str,
}

impl Open<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.comma();
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Written {
        self.writer.key(name);
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Written {
        self.writer.text(self.end);
        Ok(())
    }
}

/// The error of a writer that has none.
#[derive(Debug)]
enum Never {}

type Written = Result<(), Never>;

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: fmt::Display>(_: T) -> Never {
        // What serde derives for plain data never says so.
        unreachable!("a type that refuses to be written")
    }
}

macro_rules! scalars {
    ($($method:ident: $kind:ty;)*) => {
        $(fn $method(self, value: $kind) -> Written {
            self.scalar(&value);
            Ok(())
        })*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeTupleStruct = Open<'a>;
    type SerializeTupleVariant = Open<'a>;
    type SerializeMap = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Open<'a>;

    scalars! {
        serialize_bool: bool;
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
        serialize_f32: f32;
        serialize_f64: f64;
        serialize_char: char;
        serialize_bytes: &[u8];
    }

    fn serialize_str(self, text: &str) -> Written {
        self.string(text);
        Ok(())
    }

    fn serialize_none(self) -> Written {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.text("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.text("}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, Never> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'a>, Never> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, Never> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'a>, Never> {
        self.variant(variant);
        Ok(self.open("[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'a>, Never> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, Never> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'a>, Never> {
        self.variant(variant);
        Ok(self.open("{", "}}"))
    }
}

macro_rules! elements {
    ($($kind:ident $method:ident)*) => {
        $(impl $kind for Open<'_> {
            type Ok = ();
            type Error = Never;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.element(value)
            }

            fn end(self) -> Written {
                self.close()
            }
        })*
    };
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($kind:ident)*) => {
        $(impl $kind for Open<'_> {
            type Ok = ();
            type Error = Never;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
                self.field(name, value)
            }

            fn end(self) -> Written {
                self.close()
            }
        })*
    };
}

fields! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.writer.comma();
        let from = self.writer.0.len();
        key.serialize(&mut *self.writer)?;
        // A number as a key is text.
        if self.writer.0.get(from) != Some(&b'"') {
            self.writer.0.insert(from, b'"');
            self.writer.text("\"");
        }
        self.writer.text(":");
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Written {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct All {
        truth: bool,
        signed: (i8, i16, i32, i64),
        unsigned: (u8, u16, u32, u64),
        floats: Vec<f64>,
        small: [f32; 2],
        text: String,
        letter: char,
        nothing: (Option<u8>, (), Option<()>),
        lists: Vec<Vec<u32>>,
        words: BTreeMap<String, Option<Kind>>,
        numbers: BTreeMap<u32, Unit>,
        #[serde(rename = "a \"name\"")]
        named: New,
        #[serde(flatten)]
        flat: BTreeMap<String, u64>,
    }

    #[derive(Serialize)]
    enum Kind {
        Unit,
        New(u32),
        Pair(u8, String),
        Named { a: f32, b: Vec<Kind> },
        Empty {},
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct New(serde_json::Value);

    #[test]
    fn it_writes_what_serde_json_writes() {
        let kinds = [
            Kind::Unit,
            Kind::New(7),
            Kind::Pair(1, "[".into()),
            Kind::Named { a: 1.0, b: vec![Kind::Unit, Kind::Empty {}] },
        ];
        let all = All {
            truth: true,
            signed: (-1, -300, i32::MIN, i64::MIN),
            unsigned: (255, 65_535, u32::MAX, u64::MAX),
            floats: vec![0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, f64::NAN, f64::INFINITY],
            small: [0.1, 16_777_216.0],
            text: "{\"\\\n\u{1}é[".into(),
            letter: '"',
            nothing: (None, (), Some(())),
            lists: vec![vec![], vec![1], vec![1, 2]],
            words: kinds
                .into_iter()
                .map(Some)
                .chain([None])
                .zip(0..)
                .map(|(k, i)| (format!("{{{i}"), k))
                .collect(),
            numbers: BTreeMap::from([(1, Unit), (2, Unit)]),
            named: New(serde_json::json!({ "a": [{}, [], { "b": -1.5 }, null], "": true })),
            flat: BTreeMap::from([("x".into(), 1), ("y".into(), 2)]),
        };
        assert_eq!(write(&all), serde_json::to_string(&all).unwrap());
        assert_eq!(write("x"), "\"x\"");
        assert_eq!(write(&Vec::<u8>::new()), "[]");
    }
}
