//! The forms of retention, for administrators: the days of a camera, and holds.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::page::Notice;
use crate::api::paths::RETENTION_PATH;
use crate::error::ApiError;
use crate::server::retention::holds::{self, NewHold};

/// Changes the days of a camera, or creates or releases a hold.
pub(in crate::web) async fn change_retention(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let admin = form.principal()?;
    let (database, now, who) = (&form.state.writer, form.state.clock.now(), &*admin.user.name);
    let action = form.field("action");
    let notice = match action {
        "keep" => {
            let camera_id = form.field("camera");
            let keep_days = holds::set_keep_days(database, camera_id, form.field("keep_days")).await?;
            info!(user_id = %admin.user.id, action, camera_id, keep_days, "retention changed");
            Notice::KeepDaysSaved
        }
        "hold" => {
            let new = NewHold {
                camera_id: form.field("camera_id"),
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
