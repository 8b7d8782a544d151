//! The API under `/api/v1`, and its description.

use std::collections::BTreeSet;

use motion_export::web::handlers::moved_paths::MOVED;
use reqwest::header::{ACCEPT, LOCATION};
use serde_json::Value;

use crate::app::{TestDatabase, client_with, events, text_of};
use crate::authorization::paths;

#[tokio::test]
async fn the_router_and_the_description_name_the_same_routes() {
    let app = TestDatabase::with(events(1)).await.serve(10).await;
    let description: Value = app.get_as(&client_with(&[]), "/api/v1/openapi.json").await.json().await.unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"), "{description}");
    let described: BTreeSet<_> = description["paths"].as_object().unwrap().keys().cloned().collect();
    let routes: BTreeSet<_> = paths(&app.routes).into_iter().filter(|path| path.starts_with("/api/v1/")).collect();
    assert_eq!(described, routes);
}

#[tokio::test]
async fn old_paths_redirect_to_the_current_ones_and_are_marked_deprecated() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    for (old, new) in MOVED {
        let query = if old == "/api/cameras" { "" } else { "?query=camera_id%3Dfront%26bom%3Dtrue" };
        let moved = app.client.get(format!("{}{old}{query}", app.address)).send().await.unwrap();
        assert_eq!(moved.status(), 308, "{old}");
        assert_eq!(moved.headers()[LOCATION].to_str().unwrap(), format!("{new}{query}"));
        assert_eq!(moved.headers()["deprecation"], "@1795910400");
        assert_eq!(moved.headers()["link"].to_str().unwrap(), format!("<{new}>; rel=\"successor-version\""));
        assert_eq!(app.get(&format!("{new}{query}")).await.status(), 200);
    }
}

#[tokio::test]
async fn the_api_page_needs_no_javascript_and_no_session() {
    let app = TestDatabase::with([]).await.serve(10).await;
    let response = app.get_as(&client_with(&[(ACCEPT, "text/html")]), "/api/v1/docs").await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let page = text_of(response).await;
    assert!(page.contains("Export events as CSV") && page.contains("GET /api/v1/motion-events/export"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}
