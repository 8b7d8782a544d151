//! The data of the page of retention.

use std::collections::HashMap;

use crate::api::cameras::Camera;
use crate::api::language::Language;
use crate::api::page::retention::{Deletion, DeletionRule, Hold, KeptCamera, RetentionPage};
use crate::error::ApiError;
use crate::export_params::DEFAULT_TIMEZONE;
use crate::server::accounts::camera_access::{CameraAccess, listing};
use crate::server::accounts::name::order::matches;
use crate::server::db::clock::second;
use crate::server::db::entity::camera;
use crate::server::export::timezone::TimeZone;
use crate::server::retention::deletion_log;
use crate::server::retention::holds::{self, MAX_COUNTED};
use crate::server::state::AppState;

/// The number of deletions on the page.
const DELETIONS: u64 = 20;

/// Loads the page. `timezone` is the time zone of the browser, if it is known; `search` what is searched for in the list of
/// cameras.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn load(
    state: &AppState,
    timezone: Option<String>,
    search: &str,
    language: Language,
) -> Result<RetentionPage, ApiError> {
    let database = &state.database;
    let models = CameraAccess::Unrestricted.cameras(database).await?;
    let models: HashMap<&str, &camera::Model> = models.iter().map(|camera| (&*camera.id, camera)).collect();
    let cameras = listing::cameras(database, CameraAccess::Unrestricted).await?.into_iter().map(|camera| {
        let model = models.get(&*camera.id);
        KeptCamera {
            keep_days: model.and_then(|model| model.keep_days).map(i32::unsigned_abs),
            deleted_to: model.and_then(|model| model.deleted_to).map(second),
            is_found: matches(&language.camera(&camera), search),
            camera,
        }
    });
    let camera = |id: String| Camera { name: models.get(&*id).and_then(|model| model.name.clone()), id };
    let mut shown = Vec::new();
    for hold in holds::list(database, false).await? {
        let model = hold.camera_id.as_deref().and_then(|id| models.get(id)).copied();
        let events = holds::count(database, &hold, model).await?;
        shown.push(Hold {
            id: hold.id.to_string(),
            camera: hold.camera_id.map(camera),
            starts_at: second(hold.starts_at),
            ends_at: second(hold.ends_at),
            why: hold.why,
            who: hold.who,
            created_at: second(hold.created_at),
            events: (events < MAX_COUNTED).then_some(events),
        });
    }
    let deletions = deletion_log::latest(database, DELETIONS).await?.into_iter().map(|deletion| {
        let days = deletion.keep_days.unwrap_or_default().unsigned_abs();
        let ids: Vec<String> = serde_json::from_str(&deletion.cameras).unwrap_or_default();
        Deletion {
            started_at: second(deletion.started_at),
            is_finished: deletion.finished_at.is_some(),
            rule: match &*deletion.rule {
                "general" => DeletionRule::General(days),
                "camera" => DeletionRule::Camera(days),
                _ => DeletionRule::Detached,
            },
            deleted_to: second(deletion.deleted_to),
            rows: deletion.rows.unsigned_abs(),
            cameras: ids.into_iter().map(camera).collect(),
        }
    });
    Ok(RetentionPage {
        keep_days: state.settings.retention.keep_days,
        cameras: cameras.collect(),
        search: search.to_owned(),
        holds: shown,
        deletions: deletions.collect(),
        timezone: timezone
            .filter(|timezone| TimeZone::parse(timezone).is_ok())
            .unwrap_or_else(|| DEFAULT_TIMEZONE.to_owned()),
    })
}
