//! Enums that are known by one name per variant: in JSON, in the database, in metrics and on the command line.

/// A text that is the name of no variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The text.
    pub text: String,
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is not a name that this version knows", self.text)
    }
}

impl std::error::Error for UnknownName {}

/// Makes the error of a name that cannot be parsed.
pub(crate) fn unknown(text: &str) -> UnknownName {
    UnknownName {
        text: text.to_owned(),
    }
}

/// Declares an enum whose variants have their snake-case names everywhere: serde, `as_str`, `Display`, `FromStr`.
macro_rules! named_enum {
    ($(#[$attribute:meta])* pub enum $name:ident { $($(#[$variant_attribute:meta])* $variant:ident,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[derive(strum::Display, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
        #[serde(rename_all = "snake_case")]
        #[strum(
            serialize_all = "snake_case",
            parse_err_ty = crate::names::UnknownName,
            parse_err_fn = crate::names::unknown
        )]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$variant_attribute])* $variant,)+
        }

        impl $name {
            /// All variants, in the order of their declaration.
            pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

            /// Returns the name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }

        #[cfg(test)]
        impl crate::names::tests::Named for $name {
            const ALL: &'static [Self] = Self::ALL;
        }
    };
}

pub(crate) use named_enum;

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{EgressErrorKind, Outcome, OutputStream, RunState, Scope, Severity, SourceAuth};

    pub(crate) trait Named:
        Copy
        + Debug
        + Display
        + PartialEq
        + FromStr<Err = UnknownName>
        + Into<&'static str>
        + Serialize
        + DeserializeOwned
        + 'static
    {
        const ALL: &'static [Self];
    }

    fn has_one_name_each<T: Named>() {
        for value in T::ALL {
            let name: &str = (*value).into();
            assert_eq!(value.to_string(), name);
            assert_eq!(name.parse(), Ok(*value));
            assert_eq!(serde_json::to_value(value).unwrap(), name);
            assert_eq!(serde_json::from_value::<T>(name.into()).unwrap(), *value);
        }
        let error = "Nonsense".parse::<T>().unwrap_err();
        assert_eq!(error.text, "Nonsense");
    }

    #[test]
    fn a_variant_has_the_same_name_everywhere() {
        has_one_name_each::<EgressErrorKind>();
        has_one_name_each::<Outcome>();
        has_one_name_each::<OutputStream>();
        has_one_name_each::<RunState>();
        has_one_name_each::<Scope>();
        has_one_name_each::<Severity>();
        has_one_name_each::<SourceAuth>();
    }
}
