//! The time zones to choose from. They come from the server, so that the browser need not carry the database of zones.

use leptos::server;

use crate::error::ApiError;

/// The names of all time zones, in alphabetical order.
///
/// # Errors
/// Never on the server; the browser may fail to reach it.
#[server(prefix = "/api", endpoint = "timezones", input = leptos::server_fn::codec::GetUrl)]
pub async fn timezones() -> Result<Vec<String>, ApiError> {
    use crate::server::export::zone::Zone;

    Ok(Zone::names())
}
