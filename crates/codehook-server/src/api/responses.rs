//! Responses that every operation may have.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// The responses that every operation may have besides its own: problems that the client can solve.
pub(super) struct ClientErrors;

impl IntoResponses for ClientErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let problem = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ProblemDetails")))
            .build();
        let response = ResponseBuilder::new()
            .description("The request was refused")
            .content("application/problem+json", problem)
            .build();
        BTreeMap::from([("4XX".to_owned(), response.into())])
    }
}
