//! What is known of a source since its last heartbeat.

use std::sync::{Mutex, PoisonError};

use crate::server::ingest::live::source_state::Contact;

/// What the next heartbeat stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The latest response.
    pub contact: Option<Contact>,
    /// Whether the MQTT broker is connected, as a stored message.
    pub mqtt: Option<String>,
}

/// Collects what the next heartbeat stores.
#[derive(Debug, Default)]
pub struct Latest(Mutex<News>);

impl Latest {
    /// Notes a response.
    pub fn responded(&self, contact: Contact) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contact = Some(contact);
    }

    /// Notes whether the MQTT broker is connected.
    pub fn mqtt(&self, state: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).mqtt = Some(state);
    }

    /// Returns what was noted since the last call.
    pub fn take(&self) -> News {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes again what could not be stored, unless there is something newer.
    pub fn put_back(&self, news: News) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.contact = latest.contact.or(news.contact);
        latest.mqtt = latest.mqtt.take().or(news.mqtt);
    }
}
