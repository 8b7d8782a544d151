//! Compression of the file on its way, where the client asks for it. What is given in comes out before the next is given
//! in, so that no row waits for others. Digest and size of an export are those of the file, not of this.

use std::io::{self, Write};

use axum::http::HeaderValue;
use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::export::reader::worker_threads;

/// What a body may be encoded as.
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
    /// From the one that we like best: the faster for the same size.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// Its name, as a header's value.
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(self.name())
    }
}

/// Encodes one body.
pub enum Compressor {
    /// As it is.
    None,
    /// RFC 8878.
    Zstd(zstd::Encoder<'static, Vec<u8>>),
    /// RFC 7932.
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    /// RFC 1952.
    Gzip(GzEncoder<Vec<u8>>),
}

impl Compressor {
    /// The levels are those that keep up with a fast disk; rows of events are much alike, and shrink well with any.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn new(encoding: Option<Encoding>) -> io::Result<Self> {
        /// Of a window of 1 MiB.
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

    /// What these bytes are on the wire, all of them, and after the last ones what ends them.
    ///
    /// # Errors
    /// Where the encoder fails.
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
        worker_threads::pause();
    }
    encoder.flush()
}

/// How hard brotli tries.
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

    /// What a client makes of the bytes that have come so far.
    fn decoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let read = match encoding {
            Encoding::Zstd => zstd::Decoder::new(bytes).expect("zstd").read_to_end(&mut text),
            Encoding::Brotli => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut text),
            Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        };
        // Cut off in the middle, a decoder complains after it has given what there was.
        let _ = read;
        text
    }

    #[test]
    fn each_chunk_can_be_read_before_the_next_one_is_there_and_all_are_the_file() {
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
