//! Compression of the response, if the client accepts it. Each chunk is flushed, so no row waits for later ones. Digest and size
//! in the record are those of the uncompressed file.

use std::io::{self, Write};

use axum::http::HeaderValue;
use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::export::reader::worker_threads;

/// A content encoding of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Encoding {
    /// In the order of the server's preference: the faster for the same size first.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// Returns the name in `Accept-Encoding` and `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// Returns the name as a header value.
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(self.name())
    }
}

/// Encodes the body of one response.
pub enum Compressor {
    /// No encoding.
    None,
    /// RFC 8878.
    Zstd(zstd::Encoder<'static, Vec<u8>>),
    /// RFC 7932.
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    /// RFC 1952.
    Gzip(GzEncoder<Vec<u8>>),
}

impl Compressor {
    /// Creates a compressor. The levels keep up with a fast disk; events are similar, and compress well at any level.
    ///
    /// # Errors
    /// Returns an error if there is no memory for it.
    pub fn new(encoding: Option<Encoding>) -> io::Result<Self> {
        /// The window is 1 MiB.
        const BROTLI: BrotliLevel = BrotliLevel { quality: 3, window_bits: 20 };
        Ok(match encoding {
            None => Self::None,
            Some(Encoding::Zstd) => Self::Zstd(zstd::Encoder::new(Vec::new(), 1)?),
            Some(Encoding::Brotli) => {
                let parameters = BrotliEncoderParams {
                    quality: BROTLI.quality,
                    lgwin: BROTLI.window_bits,
                    ..BrotliEncoderParams::default()
                };
                Self::Brotli(Box::new(CompressorWriter::with_params(Vec::new(), 4_096, &parameters)))
            }
            Some(Encoding::Gzip) => Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast())),
        })
    }

    /// Returns the encoded bytes, flushed; after the last ones, with the end of the encoding.
    ///
    /// # Errors
    /// Returns an error if the encoder fails.
    pub fn chunk(&mut self, bytes: impl AsRef<[u8]> + Send + 'static, last: bool) -> io::Result<Bytes> {
        let encoded = match self {
            Self::None => return Ok(Bytes::from_owner(bytes)),
            Self::Zstd(encoder) => {
                write(encoder, bytes.as_ref())?;
                std::mem::take(encoder.get_mut())
            }
            Self::Brotli(encoder) => {
                write(encoder, bytes.as_ref())?;
                std::mem::take(encoder.get_mut())
            }
            Self::Gzip(encoder) => {
                write(encoder, bytes.as_ref())?;
                std::mem::take(encoder.get_mut())
            }
        };
        Ok(if last { [encoded, self.end()?].concat().into() } else { encoded.into() })
    }

    fn end(&mut self) -> io::Result<Vec<u8>> {
        match std::mem::replace(self, Self::None) {
            Self::None => Ok(Vec::new()),
            Self::Zstd(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

fn write(encoder: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for piece in bytes.chunks(worker_threads::PIECE_BYTES) {
        encoder.write_all(piece)?;
        worker_threads::yield_cpu();
    }
    encoder.flush()
}

/// The effort of brotli.
struct BrotliLevel {
    quality: i32,
    window_bits: i32,
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressor")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Decodes the bytes that a client has received so far.
    fn decoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let read = match encoding {
            Encoding::Zstd => zstd::Decoder::new(bytes).expect("zstd").read_to_end(&mut text),
            Encoding::Brotli => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut text),
            Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        };
        // A decoder fails at the end of an incomplete input, after it has returned what it could decode.
        let _ = read;
        text
    }

    #[test]
    fn each_chunk_can_be_decoded_before_the_next_one_and_all_are_the_file() {
        for encoding in Encoding::ALL {
            let mut compressor = Compressor::new(Some(encoding)).expect("memory");
            let (mut sent, mut file) = (Vec::<u8>::new(), Vec::<u8>::new());
            for number in 0..50_u32 {
                let line = format!("{number},2025-12-15T10:30:00-08:00,front,Front Door,85.5\r\n").into_bytes();
                file.extend(&line);
                sent.extend(compressor.chunk(line, false).expect("compressed"));
                assert_eq!(decoded(encoding, &sent), file, "{encoding:?} after {number}");
            }
            let unfinished = sent.len();
            sent.extend(compressor.chunk([], true).expect("ended"));
            assert!(sent.len() > unfinished && sent.len() < file.len(), "{encoding:?}");
            assert_eq!(decoded(encoding, &sent), file, "{encoding:?}");
        }
    }
}
