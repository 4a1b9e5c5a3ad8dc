//! WebSocket frames on a blocking stream, as cheaply as a load generator needs them: many ready-made frames in
//! one write, and headers read without touching the payloads (RFC 6455 section 5.2).

use std::{
    io::{self, Read},
    net::TcpStream,
    ops::Range,
};

/// A text frame.
pub const TEXT: u8 = 1;
/// A binary frame.
pub const BINARY: u8 = 2;
/// The close frame.
pub const CLOSE: u8 = 8;
/// A ping.
pub const PING: u8 = 9;
/// Its answer.
pub const PONG: u8 = 10;

/// Bytes asked for in one read.
const READ_BYTES: usize = 1024 * 1024;

/// Appends one whole frame. A client's frames are masked; with a mask of zeros, since nobody is to be fooled here.
pub fn push(out: &mut Vec<u8>, opcode: u8, payload: &[u8], masked: bool) {
    let bit = if masked { 0x80 } else { 0 };
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => out.push(bit | length as u8),
        length @ 126..=0xffff => {
            out.push(bit | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(bit | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    if masked {
        out.extend([0; 4]);
    }
    out.extend(payload);
}

/// One frame that was read. Its payload lies in the reader until the next one is read.
#[derive(Debug)]
pub struct Frame {
    /// What kind it is.
    pub opcode: u8,
    mask: [u8; 4],
    payload: Range<usize>,
}

impl Frame {
    /// Bytes of its payload.
    pub fn len(&self) -> usize {
        self.payload.len()
    }
}

/// Reads frames.
pub struct Reader {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Reader {
    /// Goes on after what was already read.
    pub fn new(stream: TcpStream, early: &[u8]) -> Self {
        let mut buffer = vec![0; READ_BYTES + early.len()];
        buffer[..early.len()].copy_from_slice(early);
        Self {
            stream,
            buffer,
            start: 0,
            end: early.len(),
        }
    }

    /// The next frame.
    pub fn read(&mut self) -> io::Result<Frame> {
        loop {
            if let Some((head, length, mask, opcode)) = self.head() {
                if self.end - self.start >= head + length {
                    let payload = self.start + head..self.start + head + length;
                    self.start = payload.end;
                    return Ok(Frame {
                        opcode,
                        mask,
                        payload,
                    });
                }
                self.fill(head + length)?;
            } else {
                self.fill(14)?;
            }
        }
    }

    /// The payload of the frame that was read last.
    pub fn payload(&self, frame: &Frame) -> Vec<u8> {
        self.buffer[frame.payload.clone()]
            .iter()
            .zip(frame.mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask)
            .collect()
    }

    /// Length of the header, length of the payload, mask, opcode.
    fn head(&self) -> Option<(usize, usize, [u8; 4], u8)> {
        let bytes = &self.buffer[self.start..self.end];
        let (&[first, second], _) = bytes.split_first_chunk::<2>()?;
        let (length, mut head) = match second & 0x7f {
            126 => (
                usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
                4,
            ),
            127 => (
                usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?,
                10,
            ),
            short => (usize::from(short), 2),
        };
        let mut mask = [0; 4];
        if second & 0x80 != 0 {
            mask = *bytes.get(head..)?.first_chunk()?;
            head += 4;
        }
        Some((head, length, mask, first & 0x0f))
    }

    /// Reads more, with room for a frame of this many bytes.
    fn fill(&mut self, frame: usize) -> io::Result<()> {
        if self.start > 0 && (self.start == self.end || self.buffer.len() - self.start < frame) {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < frame {
            self.buffer.resize(frame + READ_BYTES, 0);
        }
        if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        match self.stream.read(&mut self.buffer[self.end..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.end += count;
                Ok(())
            }
        }
    }
}
