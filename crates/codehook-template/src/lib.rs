//! Events, tokens, mapping and safe rendering of codehook script templates.
//!
//! A script template is Python 2.7 with tokens such as `@UserName@` in it. This crate reads an [`Event`], finds the
//! tokens' values in it ([`Mapping`]) and writes them into the [`Template`] so that a value is never code: the running
//! script sees exactly the event's value, or rendering is refused with token, line and column.
//!
//! ```
//! use codehook_template::{Event, Mapping, Template};
//!
//! let event = Event::from_json(br#"{"UserName": "O'Brien\n@UserId@"}"#)?;
//! let mapping = Mapping::default();
//! let template = Template::parse_with(b"print '@UserName@'\n", "hook.py", &mapping)?;
//! let rendered = template.render(&mapping.resolve(&event, Some("pba.example")))?;
//! assert_eq!(rendered.script, b"print 'O\\x27Brien\\x0a@UserId@'\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Text outside ASCII
//!
//! A Python 2.7 author expects `'@UserName@'` to be what the same name typed into a UTF-8 file would be: a `str` of
//! UTF-8 bytes; and `u'@UserName@'` to be its characters. That is what a script gets, with or without a coding line and
//! whatever encoding the line declares, because values are written as ASCII escapes.
//!
//! Pure: no I/O, no clock, no async. The crate keeps neither events nor secrets.

mod encoding;
mod error;
mod escape;
mod event;
mod json;
mod lexer;
mod limits;
mod literal;
mod mapping;
mod parsed;
mod path_cost;
mod position;
mod render;
mod suggest;
mod template;
mod token;
mod token_context;
mod token_scan;
mod token_use;
mod unicode_literals;
mod values;

pub use error::{Refusal, RenderError, TemplateError};
pub use event::{Event, EventError};
pub use lexer::{Backslash, Literal, PieceKind, Quote, TypePrefix};
pub use limits::{MAX_EVENT_BYTES, MAX_SCRIPT_BYTES, MAX_TEMPLATE_BYTES};
pub use mapping::{Mapping, MappingError};
pub use position::Position;
pub use render::Rendered;
pub use template::{Piece, Template};
pub use token::{EventToken, TokenName, TokenNameError};
pub use token_use::{Site, TokenContext, TokenUse, UnknownToken};
pub use values::{TokenValues, ValueProblem};
