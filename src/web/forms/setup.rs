//! Creates the first administrator.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse};
use crate::api::paths::{LOGIN_PATH, SETTINGS_PATH};
use crate::error::ApiError;
use crate::web::redirect::if_signed_in;

/// Creates the first administrator and signs in as that user.
pub(in crate::web) async fn create_first_admin(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let Form { state, .. } = &*form;
    let (name, password) = (form.field("name").to_owned(), form.field("password").to_owned());
    let user = state.setup.finish(&state.writer, form.field("key"), name, password, state.clock.now()).await?;
    info!(user_id = %user.id, "first administrator created");
    // If this fails, the administrator exists all the same and can use the sign-in.
    let signed_in = form.sign_in(&user).await.is_ok();
    Ok(FormResponse::Redirect(if signed_in {
        if_signed_in(SETTINGS_PATH, state.clock.now())
    } else {
        LOGIN_PATH.to_owned()
    }))
}
