//! A client of Frigate's HTTP API: signs in, reads events and the configuration.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Context;
use bytes::BytesMut;
use chrono::DateTime;
use reqwest::header::{COOKIE, DATE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value as Json, json};

use super::certificate;
use super::follow::{Micros, Request};
use super::options::{self, Options};
use crate::messages::sources::SourceMessage;
use crate::server::settings;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the source may send nothing.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a response may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(2);

/// The maximum size of a response, in megabytes.
const MAX_MEGABYTES: u64 = 32;

/// Why a request has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What to tell users.
    pub message: SourceMessage,
    /// Whether somebody has to change something, so that trying again soon cannot help.
    pub is_refusal: bool,
    /// Whether the response was too large, so that a smaller one may help.
    pub is_too_large: bool,
}

impl Failure {
    fn away(message: SourceMessage) -> Self {
        Self { message, is_refusal: false, is_too_large: false }
    }

    fn refused(message: SourceMessage) -> Self {
        Self { is_refusal: true, ..Self::away(message) }
    }
}

/// The response to a request.
#[derive(Clone, Debug)]
pub struct Events {
    /// The events, as they were sent.
    pub items: Vec<Json>,
    /// The time of the source's clock, to the second.
    pub date: Option<Micros>,
}

/// A client of one Frigate.
pub struct Api {
    client: Client,
    url: String,
    user: String,
    password: settings::Hidden,
    /// The cookie of the session, `name=value`.
    session: Mutex<Option<String>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({})", self.url)
    }
}

impl Api {
    /// Returns a client with these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// Returns an error if the file with the certificate cannot be read.
    pub fn new(source: &settings::Source) -> anyhow::Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("motion-export/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .timeout(RESPONSE_TIMEOUT)
            .redirect(Policy::none())
            // The password must not pass a proxy that is set for other programs.
            .no_proxy();
        let client = if source.ca_file.as_os_str().is_empty() {
            client
        } else {
            let file = &source.ca_file;
            let tls = certificate::trusting(file)
                .with_context(|| format!("cannot read the certificate in {} (ca_file)", file.display()))?;
            client.use_preconfigured_tls(tls)
        };
        Ok(Self {
            client: client.build().context("cannot start the HTTP client")?,
            url: source.base_url().to_owned(),
            user: source.user.clone(),
            password: source.password.clone(),
            session: Mutex::new(None),
        })
    }

    /// Reads events. An event that does not exist is an empty list.
    ///
    /// # Errors
    /// Returns why the source cannot be read.
    pub async fn events(&self, request: &Request) -> Result<Events, Failure> {
        let is_event = matches!(request, Request::Event(_));
        let request = match request {
            Request::Window { after, before, limit } => self.client.get(format!("{}/api/events", self.url)).query(&[
                ("after", seconds(*after)),
                ("before", seconds(*before)),
                ("limit", limit.to_string()),
                ("include_thumbnails", "0".to_owned()),
            ]),
            Request::Event(id) => {
                let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
                self.client.get(format!("{}/api/events/{id}", self.url))
            }
        };
        let response = self.send(request).await?;
        let date = date(response.headers());
        if is_event && response.status() == StatusCode::NOT_FOUND {
            return Ok(Events { items: Vec::new(), date });
        }
        let items = match self.json(response).await? {
            Json::Array(items) => items,
            item @ Json::Object(_) => vec![item],
            _ => return Err(self.not_frigate()),
        };
        Ok(Events { items, date })
    }

    /// Reads detect sizes and names of cameras from the configuration, and the time of the source's clock. Nothing else of it is
    /// kept.
    ///
    /// # Errors
    /// Returns why the source cannot be read.
    pub async fn options(&self, camera_prefix: &str) -> Result<(Options, Option<Micros>), Failure> {
        let response = self.send(self.client.get(format!("{}/api/config", self.url))).await?;
        let date = date(response.headers());
        self.check_status(&response)?;
        let body = self.body(response).await?;
        let options = options::of_config(&body, camera_prefix.to_owned()).map_err(|_| self.not_frigate())?;
        Ok((options, date))
    }

    /// Sends a request, and signs in if necessary.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let response = self.send_once(request).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        if self.user.is_empty() {
            return Err(Failure::refused(SourceMessage::SignInRequired { url: self.url.clone() }));
        }
        self.sign_in().await?;
        let Some(again) = again else { return Ok(response) };
        let response = self.send_once(again).await?;
        if response.status() == StatusCode::UNAUTHORIZED { Err(self.sign_in_refused()) } else { Ok(response) }
    }

    async fn send_once(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let session = self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let request = match session {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        };
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        match response.status() {
            StatusCode::FORBIDDEN => Err(Failure::refused(SourceMessage::Forbidden { url: self.url.clone() })),
            status if status.is_redirection() => {
                let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
                let location = location.unwrap_or_default().to_owned();
                Err(Failure::refused(SourceMessage::Redirected { url: self.url.clone(), location }))
            }
            _ => Ok(response),
        }
    }

    async fn sign_in(&self) -> Result<(), Failure> {
        *self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        let credentials = json!({ "user": self.user, "password": self.password.0 });
        let request = self.client.post(format!("{}/api/login", self.url));
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(credentials.to_string());
        let response = self.send_once(request).await?;
        if response.status().is_client_error() && response.status() != StatusCode::TOO_MANY_REQUESTS {
            return Err(self.sign_in_refused());
        }
        self.check_status(&response)?;
        let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs: Vec<_> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        if pairs.is_empty() {
            return Err(self.not_frigate());
        }
        *self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(pairs.join("; "));
        Ok(())
    }

    fn check_status(&self, response: &Response) -> Result<(), Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(match status {
            StatusCode::NOT_FOUND => self.not_frigate(),
            _ => Failure::away(SourceMessage::WrongStatus { url: self.url.clone(), status: status.as_u16() }),
        })
    }

    async fn json(&self, response: Response) -> Result<Json, Failure> {
        self.check_status(&response)?;
        let body = self.body(response).await?;
        serde_json::from_slice(&body).map_err(|_| self.not_frigate())
    }

    /// Reads the body. It is complete, or this is an error: a body that ends early would otherwise be a short list of events.
    async fn body(&self, mut response: Response) -> Result<BytesMut, Failure> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if (body.len() + chunk.len()) as u64 > MAX_MEGABYTES * 1_000_000 {
                let message = SourceMessage::TooLarge { url: self.url.clone(), max_megabytes: MAX_MEGABYTES };
                return Err(Failure { is_too_large: true, ..Failure::away(message) });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn not_frigate(&self) -> Failure {
        Failure::refused(SourceMessage::NotFrigate { url: self.url.clone() })
    }

    fn sign_in_refused(&self) -> Failure {
        Failure::refused(SourceMessage::SignInRefused { url: self.url.clone(), user: self.user.clone() })
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let url = self.url.clone();
        if error.is_timeout() {
            return Failure::away(SourceMessage::TimedOut { url });
        }
        let detail = innermost(error);
        if detail.contains("certificate") {
            return Failure::refused(SourceMessage::CertificateNotTrusted { url });
        }
        if error.is_connect() {
            return Failure::away(SourceMessage::Unreachable { url, detail });
        }
        Failure::away(SourceMessage::CutOff { url })
    }
}

/// Returns what the last error of a chain says.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn seconds(micros: Micros) -> String {
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

/// Returns the middle of the second in the header `Date`.
fn date(headers: &HeaderMap) -> Option<Micros> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.timestamp_micros() + 500_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sent_as_seconds_with_microseconds() {
        assert_eq!(seconds(1_735_787_796_700_051), "1735787796.700051");
        assert_eq!(seconds(946_684_799_999_000), "946684799.999000");
    }

    #[test]
    fn the_date_of_a_response_is_the_clock_of_the_source() {
        let headers = |value: &'static str| HeaderMap::from_iter([(DATE, value.parse().expect("a header"))]);
        assert_eq!(date(&headers("Sun, 06 Nov 1994 08:49:37 GMT")), Some(784_111_777_500_000));
        assert_eq!(date(&headers("now")), None);
        assert_eq!(date(&HeaderMap::new()), None);
    }
}
