//! Events.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event that was received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventView {
    /// The identifier.
    pub id: String,
    /// The source that delivered the event; none for the API.
    pub source: Option<String>,
    /// The time of receipt (RFC 3339).
    pub received_at: String,
    /// The event itself.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub event: Value,
}

/// A page of events, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPage {
    /// The events.
    pub items: Vec<EventView>,
    /// The cursor of the next page; none on the last page.
    pub next: Option<String>,
}

/// The page of a list of events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct ListEventsQuery {
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))]
    pub cursor: Option<String>,
    /// The number of items on a page, 1 to 500; 50 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub limit: Option<usize>,
}

/// The receipt of an event that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventReceipt {
    /// The event's identifier.
    pub id: String,
    /// The runs that the event has started; none for a duplicate.
    pub runs: Vec<String>,
    /// Whether the event had been delivered before. A duplicate starts nothing.
    pub duplicate: bool,
}
