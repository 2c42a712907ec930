//! JSON as the types of this shop mean it: a struct is an object, and an enum is a word.
//!
//! Serde's derived code is more generous. It also takes a list of values for a struct
//! (`["Mug", 9.99, 5]`) and an object for an enum, which suits formats without field names and
//! would be a second, undocumented spelling of every request here. [`Plain`] stands between the
//! reader and the types. It asks for an object where a type asks for a struct, on every level,
//! and it says what was wanted in words for people rather than in the names of Rust types.

use std::fmt;

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor};

/// A deserializer that gives objects for structs and words for enums.
pub(super) struct Plain<D>(pub(super) D);

/// Passes a question on, with the words for what it wants.
macro_rules! ask {
    ($($question:ident: $wanted:expr,)*) => {$(
        fn $question<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$question(Told { visitor, wanted: $wanted })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Plain<D> {
    type Error = D::Error;

    ask! {
        deserialize_any: None,
        deserialize_ignored_any: None,
        deserialize_option: None,
        deserialize_bool: Some("true or false"),
        deserialize_i8: Some("a whole number"),
        deserialize_i16: Some("a whole number"),
        deserialize_i32: Some("a whole number"),
        deserialize_i64: Some("a whole number"),
        deserialize_u8: Some("a whole number"),
        deserialize_u16: Some("a whole number"),
        deserialize_u32: Some("a whole number"),
        deserialize_u64: Some("a whole number"),
        deserialize_f32: Some("a number"),
        deserialize_f64: Some("a number"),
        deserialize_char: Some("text"),
        deserialize_str: Some("text"),
        deserialize_string: Some("text"),
        deserialize_identifier: Some("text"),
        deserialize_bytes: Some("text"),
        deserialize_byte_buf: Some("text"),
        deserialize_unit: Some("null"),
        deserialize_seq: Some("a list"),
        deserialize_map: Some("an object"),
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_str(Word { visitor, words })
    }

    /// The name matters: by it the reader knows a type that wants the characters as they are.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Told { visitor, wanted: None })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_seq(visitor)
    }
}

/// A visitor that is told what the reader found, and hands on what lies inside as [`Plain`].
struct Told<V> {
    visitor: V,
    wanted: Option<&'static str>,
}

/// Tells the visitor about a value with nothing inside.
macro_rules! tell {
    ($($what:ident: $kind:ty,)*) => {$(
        fn $what<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.visitor.$what(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Told<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wanted {
            Some(wanted) => formatter.write_str(wanted),
            None => self.visitor.expecting(formatter),
        }
    }

    tell! {
        visit_bool: bool,
        visit_str: &str,
        visit_borrowed_str: &'de str,
        visit_string: String,
        visit_bytes: &[u8],
        visit_borrowed_bytes: &'de [u8],
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<V::Value, E> {
        self.visitor.visit_i64(number).map_err(|error| self.wanted.map_or(error, in_words))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<V::Value, E> {
        self.visitor.visit_u64(number).map_err(|error| self.wanted.map_or(error, in_words))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<V::Value, E> {
        self.visitor.visit_f64(number).map_err(|error| self.wanted.map_or(error, in_words))
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Plain(inside))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Plain(inside))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Parts(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Parts(entries))
    }
}

/// A number that Rust's type has no room for; its own refusal names that type.
fn in_words<E: Error>(wanted: &'static str) -> E {
    E::invalid_value(Unexpected::Other("number"), &wanted)
}

/// The elements of a list or the entries of an object.
struct Parts<A>(A);

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Parts<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Part(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Parts<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Part(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

/// One of them.
struct Part<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Part<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inside: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Plain(inside))
    }
}

/// The visitor of an enum, told a word.
struct Word<V> {
    visitor: V,
    words: &'static [&'static str],
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Word<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "one of {}", self.words.join(", "))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<V::Value, E> {
        self.visitor.visit_enum(StrDeserializer::new(word))
    }
}
