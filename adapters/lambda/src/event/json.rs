use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::runtime_api::Problem;

/// A JSON object whose values are not read yet, in its own order: that of a query's parameters counts.
#[derive(Debug, Default)]
pub(super) struct Object<'e>(Vec<(Cow<'e, str>, &'e RawValue)>);

/// A text that is borrowed where JSON did not escape anything in it.
#[derive(Deserialize)]
struct Text<'e>(#[serde(borrow)] Cow<'e, str>);

/// Names and values, as often as there are values.
pub(super) type Pairs<'e> = Vec<(Cow<'e, str>, Cow<'e, str>)>;

impl<'e> Object<'e> {
    pub(super) fn get(&self, name: &'static str) -> Field<'e> {
        let mut values = self.0.iter();
        Field {
            name,
            value: values
                .find(|(key, _)| key == name)
                .map(|(_, value)| *value)
                .filter(|value| value.get() != "null"),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each name with its one value; what has none is left out.
    pub(super) fn texts(self, of: &'static str) -> Result<Pairs<'e>, Problem> {
        let mut texts = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            let value = Field {
                name: of,
                value: Some(value),
            };
            match value.read::<Option<Text<'e>>>("an object of strings")? {
                Some(Some(text)) => texts.push((name, text.0)),
                _ => continue,
            }
        }
        Ok(texts)
    }

    /// Returns each name as often as it has values.
    pub(super) fn lists(self, of: &'static str) -> Result<Pairs<'e>, Problem> {
        let mut texts = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            let value = Field {
                name: of,
                value: Some(value),
            };
            let list = value.read::<Option<Vec<Text<'e>>>>("an object of lists of strings")?;
            for text in list.flatten().into_iter().flatten() {
                texts.push((name.clone(), text.0));
            }
        }
        Ok(texts)
    }
}

/// What an object has under a name. `null` is nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'e> {
    name: &'static str,
    value: Option<&'e RawValue>,
}

impl<'e> Field<'e> {
    pub(super) fn is_there(self) -> bool {
        self.value.is_some()
    }

    pub(super) fn json(self) -> Option<&'e str> {
        self.value.map(RawValue::get)
    }

    pub(super) fn object(self) -> Result<Option<Object<'e>>, Problem> {
        self.read("an object")
    }

    pub(super) fn text(self) -> Result<Option<Cow<'e, str>>, Problem> {
        Ok(self.read::<Text<'e>>("a string")?.map(|text| text.0))
    }

    pub(super) fn list(self) -> Result<Option<Vec<Cow<'e, str>>>, Problem> {
        let list = self.read::<Vec<Text<'e>>>("a list of strings")?;
        Ok(list.map(|list| list.into_iter().map(|text| text.0).collect()))
    }

    pub(super) fn flag(self) -> Result<bool, Problem> {
        Ok(self.read("true or false")?.unwrap_or(false))
    }

    fn read<T: Deserialize<'e>>(self, wanted: &'static str) -> Result<Option<T>, Problem> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        serde_json::from_str(value.get()).map(Some).map_err(|_| {
            Problem::new(
                "Event.Malformed",
                format!("the event's `{}` is not {wanted}", self.name),
            )
        })
    }
}

impl<'de: 'e, 'e> Deserialize<'de> for Object<'e> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    fields.push((name.0, value));
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
