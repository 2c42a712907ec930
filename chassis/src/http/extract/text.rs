//! The values of a path and of a query string, which are all text.

use std::borrow::Cow;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{Error as _, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

use crate::number;

/// One value. A type that asks for a number gets one only if the text is its one spelling.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = number::from_digits(&self.0);
        visitor.visit_i64(number.ok_or_else(|| Error::custom("must be a whole number"))?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &*self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Error::custom("must be true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Reads a struct from its fields.
///
/// # Errors
///
/// The refusal of a field, which does not say which.
pub(super) fn read<'a, T: Deserialize<'a>>(
    fields: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Result<T, Error> {
    T::deserialize(with_names(fields))
}

/// The same once more, to find out which field it is. The good case does not pay for that.
///
/// # Errors
///
/// The refusal of a field with its name.
pub(super) fn find_fault<'a, T: Deserialize<'a>>(
    fields: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Result<T, serde_path_to_error::Error<Error>> {
    serde_path_to_error::deserialize(with_names(fields))
}

fn with_names<'a>(
    fields: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> MapDeserializer<'a, impl Iterator<Item = (Cow<'a, str>, Text<'a>)>, Error> {
    MapDeserializer::new(fields.map(|(name, value)| (name, Text(value))))
}
