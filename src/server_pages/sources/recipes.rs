//! The lines to copy into other programs. The same lines are in `docs/sources.md`, which a test compares.

use crate::api::paths::{HOOKS_PATH, INGEST_PATH};
use crate::api::sources::Recipe;

/// What stands for a token that was not created yet.
pub const NO_TOKEN: &str = "mexp_…";

/// Returns the texts to copy, one for each step of a recipe. `address` is that of this server, without a slash at its end.
pub fn texts(recipe: Recipe, address: &str, token: &str) -> Vec<String> {
    let url = format!("{address}{INGEST_PATH}");
    match recipe {
        Recipe::Frigate => vec!["[source.garage]\nkind = \"frigate\"\nurl = \"http://frigate:5000\"\n".to_owned()],
        Recipe::ArgusAi => vec![
            "[source.attic]\nkind = \"argusai\"\nurl = \"sqlite:////srv/argusai/backend/data/app.db\"\n".to_owned(),
        ],
        Recipe::Motion => vec![
            format!(
                "url = \"{url}\"\nuser = \"motion:{token}\"\nsilent\nshow-error\nfail\nretry = 5\nretry-connrefused\n"
            ),
            "on_event_start /usr/bin/curl -K /etc/motion/export.curl -d camera_id=motion-%t -d timestamp=%s -d id=%t-%v-%s \
             -d algorithm=motion -d center_x=%K -d center_y=%L -d width=%i -d height=%J\n"
                .to_owned(),
        ],
        Recipe::ZoneMinder => vec![
            format!(
                "url = \"{url}\"\nuser = \"zoneminder:{token}\"\nsilent\nshow-error\nfail\nretry = 5\nretry-connrefused\n"
            ),
            "#!/bin/sh\n# Sends an event of ZoneMinder: its number, and that of its monitor.\nset -eu\ntime=$(mysql \
             --defaults-extra-file=/etc/zm/export.cnf --skip-column-names zm --execute \"\n  SET time_zone = '+00:00';\n  SELECT \
             UNIX_TIMESTAMP(MIN(TimeStamp)) FROM Frames WHERE EventId = $(($1))\")\nexec curl -K /etc/zm/export.curl -d \
             \"id=$1\" -d \"camera_id=zoneminder-$2\" -d \"timestamp=$time\" -d algorithm=zoneminder\n"
                .to_owned(),
            "/usr/local/bin/zm-to-motion-export %EID% %MID%\n".to_owned(),
        ],
        Recipe::BlueIris => vec![
            format!("{address}{HOOKS_PATH}/{token}"),
            "camera_id=&CAM&algorithm=blueiris:&TYPE&timestamp=now\n".to_owned(),
        ],
        Recipe::HomeAssistant => vec![
            format!(
                "rest_command:\n  motion_export:\n    url: \"{url}\"\n    method: post\n    headers:\n      \
                 authorization: \"Bearer {token}\"\n    content_type: application/json\n    payload: >-\n      \
                 {{\"camera_id\": {{{{ camera | to_json }}}}, \"timestamp\": {{{{ at | to_json }}}}, \
                 \"algorithm\": \"home_assistant\"}}\n"
            ),
            "alias: Send motion to Motion Export\ntriggers:\n  - trigger: state\n    entity_id:\n      \
             - binary_sensor.front_door_motion\n    to: \"on\"\nactions:\n  - action: rest_command.motion_export\n    \
             data:\n      camera: \"{{ trigger.entity_id }}\"\n      at: \"{{ trigger.to_state.last_changed.isoformat() }}\"\n"
                .to_owned(),
        ],
        Recipe::UnifiProtect | Recipe::Shinobi => vec![format!("{address}{HOOKS_PATH}/{token}")],
        Recipe::Shell => vec![format!(
            "curl --fail-with-body --silent --show-error --retry 5 --retry-connrefused --user \"sender:{token}\" \\\n  \
             -d camera_id=door -d timestamp=\"$(date +%s)\" -d algorithm=motion \\\n  {url}\n"
        )],
        Recipe::Python => vec![python(&url, token)],
    }
}

fn python(url: &str, token: &str) -> String {
    format!(
        r#"import json, time, urllib.error, urllib.request

URL = "{url}"
TOKEN = "{token}"

def send(events):
    """Sends up to 1,000 events, and tries again until they are stored."""
    headers = {{"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"}}
    request = urllib.request.Request(URL, json.dumps(events).encode(), headers)
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise SystemExit("refused: " + error.read().decode())
            time.sleep(int(error.headers.get("Retry-After", 5)))
        except OSError:
            time.sleep(5)

print(send([{{"id": "43", "timestamp": "2025-12-15T21:00:01+01:00", "camera_id": "door"}}]))
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_have_the_same_lines() {
        let documents = include_str!("../../../docs/sources.md");
        for recipe in Recipe::ALL {
            for text in texts(recipe, "http://127.0.0.1:3000", NO_TOKEN) {
                assert!(documents.contains(&*text), "docs/sources.md does not have this:\n{text}");
            }
        }
    }

    #[test]
    fn each_recipe_has_a_sentence_for_each_text() {
        for language in [crate::api::language::Language::English, crate::api::language::Language::German] {
            for recipe in Recipe::ALL {
                let steps = (language.sources().steps)(recipe);
                assert_eq!(steps.len(), texts(recipe, "", NO_TOKEN).len(), "{recipe:?}");
            }
        }
    }
}
