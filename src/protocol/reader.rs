//! Reads what `postcard` wrote: its format, less an error at every step.
//!
//! A message comes from the same program, so it is read to its end in any case, as zeros from where it is broken,
//! and only then found to be so. That there is nothing to fail in between halves the code of every type that travels.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// The value that the bytes are; `None` where they are none.
pub(super) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    let mut reader = Reader { rest: bytes, broken: false };
    let Ok(value) = T::deserialize(&mut reader);
    (!reader.broken).then_some(value)
}

struct Reader<'de> {
    rest: &'de [u8],
    broken: bool,
}

impl<'de> Reader<'de> {
    /// What to read instead of something impossible.
    fn break_off<T: Default>(&mut self) -> T {
        (self.rest, self.broken) = (&[], true);
        T::default()
    }

    fn take(&mut self, n: usize) -> &'de [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(n) else { return self.break_off() };
        self.rest = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// Seven bits a byte, the low ones first.
    fn number(&mut self, max: u64) -> u64 {
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let fits = number <= max && (shift < 63 || byte < 2);
                return if fits { number } else { self.break_off() };
            }
        }
        self.break_off()
    }

    fn u32(&mut self) -> u32 {
        self.number(u64::from(u32::MAX)) as u32
    }

    fn i64(&mut self) -> i64 {
        let n = self.number(u64::MAX);
        (n >> 1) as i64 ^ -((n & 1) as i64)
    }

    /// Of something that has at least so many bytes.
    fn length(&mut self) -> usize {
        self.number(self.rest.len() as u64) as usize
    }

    fn bytes(&mut self) -> &'de [u8] {
        let length = self.length();
        self.take(length)
    }

    fn text(&mut self) -> &'de str {
        let bytes = self.bytes();
        std::str::from_utf8(bytes).unwrap_or_else(|_| self.break_off())
    }

    /// 0 or 1.
    fn flag(&mut self) -> bool {
        self.number(1) == 1
    }
}

/// The error of a reader that has none.
#[derive(Debug)]
enum Never {}

/// A type that travels reads itself unlike it writes itself: what serde derives does not.
fn unlike() -> ! {
    unreachable!("a message type that does not read what it writes")
}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl de::Error for Never {
    fn custom<T: fmt::Display>(_: T) -> Never {
        unlike()
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Never {
        unlike()
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Never {
        unlike()
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Never {
        unlike()
    }
}

type Read<T> = Result<T, Never>;

macro_rules! simple {
    ($($method:ident $visit:ident: $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            let value: fn(&mut Reader<'de>) -> _ = $value;
            visitor.$visit(value(self))
        })*
    };
}

macro_rules! unlike {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Read<V::Value> {
            unlike()
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Never;

    simple! {
        deserialize_bool visit_bool: Reader::flag;
        deserialize_i8 visit_i8: |r| r.byte() as i8;
        deserialize_i16 visit_i16: |r| r.i64() as i16;
        deserialize_i32 visit_i32: |r| r.i64() as i32;
        deserialize_i64 visit_i64: Reader::i64;
        deserialize_u8 visit_u8: Reader::byte;
        deserialize_u16 visit_u16: |r| r.number(u64::from(u16::MAX)) as u16;
        deserialize_u32 visit_u32: Reader::u32;
        deserialize_u64 visit_u64: |r| r.number(u64::MAX);
        deserialize_f32 visit_f32: |r| f32::from_le_bytes(r.array());
        deserialize_f64 visit_f64: |r| f64::from_le_bytes(r.array());
        deserialize_char visit_char: |r| r.text().chars().next().unwrap_or_default();
        deserialize_str visit_borrowed_str: Reader::text;
        deserialize_string visit_borrowed_str: Reader::text;
        deserialize_bytes visit_borrowed_bytes: Reader::bytes;
        deserialize_byte_buf visit_borrowed_bytes: Reader::bytes;
    }

    // Nothing in the format says what comes next.
    unlike! { deserialize_any deserialize_identifier deserialize_ignored_any }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.flag() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let left = self.length();
        visitor.visit_seq(Items { reader: self, left })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let left = self.length();
        visitor.visit_map(Items { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        let last = variants.len().saturating_sub(1);
        let variant = self.number(last as u64) as u32;
        visitor.visit_enum(Variant { reader: self, variant })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// As many elements as were written before them.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl Items<'_, '_> {
    fn next(&mut self) -> bool {
        let more = self.left > 0 && !self.reader.broken;
        self.left = self.left.saturating_sub(1);
        more
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Never;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        if self.next() { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Never;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<S::Value> {
        seed.deserialize(&mut *self.reader)
    }
}

/// Elements that the type knows the number of.
struct Fields<'a, 'de>(&'a mut Reader<'de>);

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Never;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        seed.deserialize(&mut *self.0).map(Some)
    }
}

struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    variant: u32,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = Never;
    type Variant = &'a mut Reader<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Read<(S::Value, Self::Variant)> {
        let Ok(variant) = seed.deserialize(U32Deserializer::<Never>::new(self.variant));
        Ok((variant, self.reader))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Never;

    fn unit_variant(self) -> Read<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Read<S::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        visitor.visit_seq(Fields(self))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Read<V::Value> {
        visitor.visit_seq(Fields(self))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct All {
        flags: (bool, Option<bool>, Option<()>),
        signed: (i8, i16, i32, i64),
        unsigned: (u8, u16, u32, u64),
        floats: [f64; 2],
        small: f32,
        text: String,
        letter: char,
        list: Vec<(u32, String)>,
        map: BTreeMap<String, u64>,
        kinds: Vec<Kind>,
        result: Option<Box<Result<u32, String>>>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        New(u32),
        Pair(u8, i64),
        Named { a: f32, b: Vec<Kind> },
    }

    fn all() -> All {
        All {
            flags: (true, Some(false), Some(())),
            signed: (-1, -300, i32::MIN, i64::MIN),
            unsigned: (255, 65_535, u32::MAX, u64::MAX),
            floats: [f64::NEG_INFINITY, -0.0],
            small: 0.1,
            text: "é\n".into(),
            letter: 'ß',
            list: vec![(1, "a".into()), (128, String::new())],
            map: BTreeMap::from([("x".into(), 127), ("y".into(), 16_384)]),
            kinds: vec![
                Kind::Unit,
                Kind::New(7),
                Kind::Pair(1, -64),
                Kind::Named { a: 1.0, b: vec![Kind::Unit] },
            ],
            result: Some(Box::new(Err("no".into()))),
        }
    }

    #[test]
    fn it_reads_what_postcard_writes() {
        for value in [All::default(), all()] {
            let bytes = postcard::to_stdvec(&value).unwrap();
            assert_eq!(read::<All>(&bytes), Some(value));
            for cut in 0..bytes.len() {
                assert_eq!(read::<All>(&bytes[..cut]), None);
            }
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_as_postcard_reads_it_or_refused(
            mut bytes in Just(postcard::to_stdvec(&all()).unwrap()),
            changes in proptest::collection::vec((0_usize..200, any::<u8>()), 0..4),
        ) {
            for (at, byte) in changes {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            if let (Some(ours), Ok(theirs)) = (read::<All>(&bytes), postcard::from_bytes::<All>(&bytes)) {
                prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
            }
        }
    }
}
