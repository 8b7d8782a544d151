//! `motion-export user`, `camera` and `token`: what administrators can do on pages, for the operator of the database.

use std::io::Read;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::standard_output::print;
use crate::api::session::Role;
use crate::api::tokens::Scope;
use crate::api::unknown_value::UnknownValue;
use crate::server::accounts::api_token::{self, TokenOptions};
use crate::server::accounts::camera_access::{CameraAccess, grants};
use crate::server::accounts::name::order::sort_key;
use crate::server::accounts::user::{self, NewUser};
use crate::server::db::clock::day;
use crate::server::db::entity::camera_access;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::retention::holds;

#[derive(Debug, Subcommand)]
pub enum User {
    /// Adds a user.
    Add {
        /// The name to sign in with; it is case-insensitive.
        name: String,
        /// Makes the user an administrator, who sees all cameras and manages users.
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: Password,
    },
    /// Lists the users: name, role, number of cameras, and when the account was created.
    List,
    /// Sets a new password for a user, and signs the user out everywhere.
    Passwd {
        /// The user's name.
        name: String,
        /// Revokes all access tokens of the user as well. Without it, they keep working.
        #[arg(long)]
        revoke_tokens: bool,
        #[command(flatten)]
        password: Password,
    },
    /// Changes the role of a user.
    Role {
        /// The user's name.
        name: String,
        /// The new role: `admin` or `user`.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Removes a user, with sessions, links, tokens and access to cameras.
    Remove {
        /// The user's name.
        name: String,
    },
}

/// The source of a password. It is never an argument, because other users of the machine can see those.
#[derive(Debug, Args)]
pub struct Password {
    /// Reads the password from standard input; a line break at its end is not part of it.
    #[arg(long, required = true)]
    password_stdin: bool,
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the password from standard input")?;
    Ok(text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line)).to_owned())
}

impl User {
    pub async fn run(self, database: &Pool, now: UnixMicros) -> anyhow::Result<()> {
        match self {
            Self::Add { name, admin, .. } => {
                let role = if admin { Role::Admin } else { Role::User };
                let added = user::add(database, NewUser { name, role, password: read_password()? }, now).await?;
                print(&format!("{} may sign in.\n", added.name));
            }
            Self::List => {
                let mut rows = vec![["NAME", "ROLE", "CAMERAS", "SINCE"].map(str::to_owned)];
                let counts = grants::count_per_user(database).await?;
                for user in user::list(database).await? {
                    let cameras = match user.role {
                        Role::Admin => "all".to_owned(),
                        Role::User => counts.get(&user.id).copied().unwrap_or_default().to_string(),
                    };
                    rows.push([user.name, user.role.as_str().to_owned(), cameras, day(user.created_at)]);
                }
                print(&table(&rows));
            }
            Self::Passwd { name, revoke_tokens, .. } => {
                let user = user::by_name(database, &name).await?;
                user::set_password(database, &user, read_password()?, revoke_tokens.then_some(now)).await?;
                let tokens = if revoke_tokens {
                    "all access tokens are revoked"
                } else {
                    "access tokens still work (--revoke-tokens revokes them)"
                };
                print(&format!("{} has a new password, and is signed out everywhere; {tokens}.\n", user.name));
            }
            Self::Role { name, role } => {
                let user = user::by_name(database, &name).await?;
                user::set_role(database, &user, role).await?;
                print(&format!("{} has the role {}.\n", user.name, role.as_str()));
            }
            Self::Remove { name } => {
                let user = user::by_name(database, &name).await?;
                user::remove(database, &user).await?;
                print(&format!("{} is removed.\n", user.name));
            }
        }
        Ok(())
    }
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|UnknownValue| "the role must be admin or user".to_owned())
}

#[derive(Debug, Subcommand)]
pub enum Camera {
    /// Lists the cameras: id, name, for how long its events are kept, and the users to whom each is granted.
    List,
    /// Grants a user access to a camera.
    Grant {
        /// The camera's id.
        camera: String,
        /// The user's name.
        user: String,
    },
    /// Sets for how many days the events of a camera are kept.
    Keep {
        /// The camera's id.
        camera: String,
        /// The number of days; 0: for good; `general`: as `retention.keep_days` says.
        days: String,
    },
    /// Revokes a user's access to a camera; a running export breaks off with its next page.
    Revoke {
        /// The camera's id.
        camera: String,
        /// The user's name.
        user: String,
    },
}

impl Camera {
    pub async fn run(self, database: &Pool) -> anyhow::Result<()> {
        match self {
            Self::List => {
                let names: std::collections::HashMap<Uuid, String> =
                    user::list(database).await?.into_iter().map(|user| (user.id, user.name)).collect();
                let grants = camera_access::Entity::find().all(database).await?;
                let mut rows = vec![["ID", "NAME", "KEPT", "GRANTED TO"].map(str::to_owned)];
                for camera in CameraAccess::Unrestricted.cameras(database).await? {
                    let grants = grants.iter().filter(|grant| grant.camera_id == camera.id);
                    let mut users: Vec<_> = grants.filter_map(|grant| names.get(&grant.user_id)).cloned().collect();
                    users.sort_by_cached_key(|user| sort_key(user));
                    let kept = match camera.keep_days {
                        None => "general".to_owned(),
                        Some(0) => "for good".to_owned(),
                        Some(days) => format!("{days} days"),
                    };
                    rows.push([camera.id, camera.name.unwrap_or_else(|| "(gone)".to_owned()), kept, users.join(", ")]);
                }
                print(&table(&rows));
            }
            Self::Grant { camera, user } => {
                let user = user::by_name(database, &user).await?;
                grants::grant(database, &user, &camera).await?;
                print(&format!("{} sees {camera}.\n", user.name));
            }
            Self::Keep { camera, days } => {
                let days = if days == "general" { "" } else { &days };
                let kept = match holds::set_keep_days(database, &camera, days).await? {
                    None => "as long as retention.keep_days says".to_owned(),
                    Some(0) => "for good".to_owned(),
                    Some(days) => format!("for {days} days"),
                };
                print(&format!("Events of {camera} are kept {kept}.\n"));
            }
            Self::Revoke { camera, user } => {
                let user = user::by_name(database, &user).await?;
                grants::revoke(database, &user, &camera).await?;
                match user.role {
                    Role::Admin => print(&format!("{} is an administrator, and still sees {camera}.\n", user.name)),
                    Role::User => print(&format!("{} does not see {camera}.\n", user.name)),
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Creates a token and prints it, and nothing else. It is shown only once.
    Create {
        /// The user whose rights the token has.
        user: String,
        /// A name that says what the token is for.
        name: String,
        /// The number of days for which it works. Default: until it is revoked.
        #[arg(long)]
        days: Option<u32>,
        /// Creates a token that can send events to the ingest endpoint, and nothing else.
        #[arg(long)]
        write: bool,
        /// The name of the source under which the token sends events: characters a-z and 0-9. Events of two sources may have
        /// the same ids.
        #[arg(long, requires = "write", value_name = "NAME")]
        source: Option<String>,
    },
    /// Lists the tokens that are not revoked: id, user, name, scope, end, and last use.
    List,
    /// Revokes a token.
    Revoke {
        /// The token's id, as `token list` shows it, not the token itself.
        id: String,
    },
}

impl Token {
    pub async fn run(self, database: &Pool, now: UnixMicros) -> anyhow::Result<()> {
        match self {
            Self::Create { user, name, days, write, source } => {
                let user = user::by_name(database, &user).await?;
                let scope = if write { Scope::Write } else { Scope::Read };
                let source = source.as_deref().unwrap_or_default();
                let options = TokenOptions { name: &name, days, scope, source };
                let created = api_token::create(database, &user, options, api_token::random_bits()?, now).await?;
                print(&format!("{}\n", created.text));
            }
            Self::List => {
                let mut rows = vec![["ID", "USER", "NAME", "SCOPE", "UNTIL", "LAST USED"].map(str::to_owned)];
                for (token, user) in api_token::list(database, None).await? {
                    let until = match token.expires_at {
                        Some(end) if end <= now => format!("{} (expired)", day(end)),
                        Some(end) => day(end),
                        None => "until revoked".to_owned(),
                    };
                    let last_used = token.last_used_at.map_or_else(|| "never".to_owned(), day);
                    let scope = match token.source {
                        Some(source) => format!("{} ({source})", token.scope),
                        None => token.scope,
                    };
                    let user = user.unwrap_or_default();
                    rows.push([token.id.to_string(), user, token.name, scope, until, last_used]);
                }
                print(&table(&rows));
            }
            Self::Revoke { id } => {
                let Ok(id) = id.parse() else {
                    bail!("“{id}” is not the id of a token; `token list` shows the ids");
                };
                api_token::revoke(database, id, None, now).await?;
                print(&format!("{id} is revoked.\n"));
            }
        }
        Ok(())
    }
}

/// Formats rows in columns, two spaces apart. Control characters in names are escaped.
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let cell = |text: &str| text.chars().flat_map(plain).collect::<String>();
    let rows: Vec<[String; N]> = rows.iter().map(|row| std::array::from_fn(|index| cell(&row[index]))).collect();
    let widths: [usize; N] =
        std::array::from_fn(|index| rows.iter().map(|row| row[index].chars().count()).max().unwrap_or_default());
    let mut text = String::new();
    for row in rows {
        let line: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text += line.join("  ").trim_end();
        text += "\n";
    }
    text
}

fn plain(character: char) -> impl Iterator<Item = char> {
    let shown = if character.is_control() { character.escape_default().to_string() } else { character.to_string() };
    shown.chars().collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_columns_and_escapes_control_characters() {
        let rows = [["ID", "NAME"], ["1", "Küche"], ["front-1", "\u{1b}[31mred"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "ID       NAME\n1        Küche\nfront-1  \\u{1b}[31mred\n");
    }
}
