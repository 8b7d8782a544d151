//! The forms of retention, for administrators: the days of a camera, and holds.

use std::sync::Arc;

use sea_orm::EntityTrait;
use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::cameras::Camera;
use crate::api::page::Notice;
use crate::api::paths::RETENTION_PATH;
use crate::error::ApiError;
use crate::messages::retention::RetentionMessage;
use crate::server::accounts::camera_access::no_such_camera;
use crate::server::db::entity::camera;
use crate::server::retention::holds::{self, NewHold};
use crate::web::preferences;

/// Changes the days of a camera, or creates or releases a hold.
pub(in crate::web) async fn change_retention(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let admin = form.principal()?;
    let (database, now, who) = (&form.state.writer, form.state.clock.now(), &*admin.user.name);
    let action = form.field("action");
    let notice = match action {
        "keep" => {
            let camera_id = &*camera_id(&form, "camera", "camera_name").await?;
            let keep_days = holds::set_keep_days(database, camera_id, form.field("keep_days")).await?;
            info!(user_id = %admin.user.id, action, camera_id, keep_days, "retention changed");
            Notice::KeepDaysSaved
        }
        "hold" => {
            let new = NewHold {
                camera_id: &camera_id(&form, "camera_id", "held_camera_name").await?,
                start: form.field("start_date"),
                end: form.field("end_date"),
                timezone: form.field("timezone"),
                why: form.field("why"),
                who,
            };
            let hold = holds::add(database, new, now).await?;
            info!(user_id = %admin.user.id, action, hold_id = %hold.id, camera_id = hold.camera_id, "retention changed");
            Notice::HoldCreated
        }
        "release" => {
            let hold = holds::release(database, form.field("hold"), who, now).await?;
            info!(user_id = %admin.user.id, action, hold_id = %hold.id, camera_id = hold.camera_id, "retention changed");
            Notice::HoldReleased
        }
        other => return Err(unknown_action(other)),
    };
    Ok(FormResponse::done(RETENTION_PATH, notice))
}

/// Returns the id of a camera: that of the field `id`, unless the field `text` has a camera's id or its name as the page shows it.
/// A text that several cameras have is refused, because days of the wrong camera would delete its events.
async fn camera_id(form: &Form, id: &str, text: &str) -> Result<String, ApiError> {
    let entered = form.field(text).trim();
    if entered.is_empty() {
        return Ok(form.field(id).to_owned());
    }
    let language = preferences::language(&form.parts.headers);
    let (shown, name) = (|camera: &Camera| language.camera(camera).to_lowercase(), entered.to_lowercase());
    let cameras = camera::Entity::find().all(&form.state.database).await?.into_iter();
    let cameras = cameras.map(|camera::Model { id, name, .. }| Camera { id, name });
    let mut found = cameras.filter(|camera| camera.id == entered || shown(camera) == name);
    match (found.next(), found.next()) {
        (Some(camera), None) => Ok(camera.id),
        (Some(_), Some(_)) => {
            Err(ApiError::invalid(text, RetentionMessage::SeveralCameras { name: entered.to_owned() }))
        }
        (None, _) => Err(ApiError { field: Some(text.to_owned()), ..no_such_camera(entered) }),
    }
}
