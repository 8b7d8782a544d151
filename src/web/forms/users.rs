//! The forms of users and their cameras, for administrators.

use std::collections::HashSet;
use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::page::Notice;
use crate::api::paths::{USERS_PATH, user_path};
use crate::api::session::Role;
use crate::api::unknown_value::UnknownValue;
use crate::error::ApiError;
use crate::messages::forms::FormMessage;
use crate::server::accounts::camera_access::grants;
use crate::server::accounts::user::{self, NewUser};
use crate::web::page_data::people::user_by_id;

/// Adds a user.
pub(in crate::web) async fn add_user(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let admin = form.principal()?;
    let role = role(&form)?;
    let new = NewUser { name: form.field("name").to_owned(), role, password: form.field("password").to_owned() };
    let user = user::add(&form.state.writer, new, form.state.clock.now()).await?;
    info!(user_id = %admin.user.id, changed_user_id = %user.id, "user added");
    Ok(FormResponse::done(&user_path(&user.id.to_string()), Notice::UserAdded))
}

/// Changes the cameras, role or password of a user, ends a session of the user, or removes the user.
pub(in crate::web) async fn change_user(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let admin = form.principal()?;
    let database = &form.state.writer;
    let path = form.parts.uri.path();
    let user = user_by_id(&form.state, path.rsplit('/').next().unwrap_or_default()).await?;
    let not_own_account =
        |message| if user.id == admin.user.id { Err(ApiError::invalid("user", message)) } else { Ok(()) };
    let action = form.field("action");
    let done = match action {
        "cameras" => {
            // Applies only the changes made on the page, so that concurrent changes by others are kept.
            let [before, chosen]: [HashSet<String>; 2] = ["before", "camera_id"].map(|name| form.values(name));
            let granted: Vec<_> = chosen.difference(&before).cloned().collect();
            let revoked: Vec<_> = before.difference(&chosen).cloned().collect();
            grants::update(database, &user, &granted, &revoked).await?;
            FormResponse::done(path, Notice::CamerasSaved)
        }
        "copy" => {
            let name = form.field("from");
            let in_field = |error: ApiError| ApiError { field: Some("from".to_owned()), ..error };
            let other = user::by_name(database, name).await.map_err(in_field)?;
            if other.role == Role::Admin {
                return Err(ApiError::invalid("from", FormMessage::NothingToCopy { name: other.name }));
            }
            let granted = grants::camera_ids(database, other.id).await?;
            grants::update(database, &user, &granted, &[]).await?;
            FormResponse::done(path, Notice::CamerasCopied)
        }
        "end-session" => {
            form.end_session(&user).await?;
            FormResponse::done(path, Notice::SessionEnded)
        }
        "role" => {
            not_own_account(FormMessage::OwnRole)?;
            user::set_role(database, &user, role(&form)?).await?;
            FormResponse::done(path, Notice::RoleChanged)
        }
        "password" => {
            not_own_account(FormMessage::OwnPassword)?;
            let revoke = form.revokes_tokens();
            user::set_password(database, &user, form.field("password").to_owned(), revoke).await?;
            FormResponse::done(
                path,
                if revoke.is_some() { Notice::PasswordSetTokensRevoked } else { Notice::PasswordSet },
            )
        }
        "remove" => {
            not_own_account(FormMessage::OwnAccount)?;
            user::remove(database, &user).await?;
            FormResponse::done(USERS_PATH, Notice::UserRemoved)
        }
        other => return Err(unknown_action(other)),
    };
    info!(user_id = %admin.user.id, changed_user_id = %user.id, action, "user changed");
    Ok(done)
}

fn role(form: &Form) -> Result<Role, ApiError> {
    let role = form.field("role");
    role.parse().map_err(|UnknownValue| ApiError::invalid("role", FormMessage::UnknownRole { value: role.to_owned() }))
}
