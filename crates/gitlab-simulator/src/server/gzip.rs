//! Owns the gzip form of a body (RFC 1952), with stored blocks: whoever unpacks it sees no difference.

/// No name, no time, no flags; method deflate, any system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Largest stored block, in bytes.
const BLOCK: usize = 0xffff;

pub(super) fn packed(body: &[u8]) -> Vec<u8> {
    let mut packed = HEAD.to_vec();
    let mut blocks = body.chunks(BLOCK).peekable();
    if blocks.peek().is_none() {
        packed.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        packed.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    packed.extend(crc(body).to_le_bytes());
    packed.extend(length.to_le_bytes());
    packed
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_that_of_the_standard() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        let packed = packed(b"{}");
        assert_eq!(packed[10..17], [1, 2, 0, 0xfd, 0xff, b'{', b'}']);
        assert_eq!(packed.len(), 10 + 7 + 8);
    }
}
