//! How variables are written.

/// How a protocol writes the variables of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protocol {
    pub(crate) encode: fn(&[(String, Vec<u8>)]) -> Vec<u8>,
}

/// A netstring, `CONTENT_LENGTH` first.
pub(crate) const SCGI: Protocol = Protocol {
    encode: |variables| {
        let mut block = Vec::new();
        let protocol = [("SCGI".to_owned(), b"1".to_vec())];
        for (name, value) in variables.iter().chain(&protocol) {
            for text in [name.as_bytes(), &value[..]] {
                block.extend_from_slice(text);
                block.push(0);
            }
        }
        let mut bytes = format!("{}:", block.len()).into_bytes();
        bytes.extend_from_slice(&block);
        bytes.push(b',');
        bytes
    },
};

/// A packet with lengths of two bytes.
pub(crate) const UWSGI: Protocol = Protocol {
    encode: |variables| {
        let length = |bytes: &[u8]| {
            let length = u16::try_from(bytes.len()).expect("a packet has no more than 64 KiB");
            length.to_le_bytes()
        };
        let mut block = Vec::new();
        for (name, value) in variables {
            for text in [name.as_bytes(), &value[..]] {
                block.extend_from_slice(&length(text));
                block.extend_from_slice(text);
            }
        }
        let [low, high] = length(&block);
        [&[0, low, high, 0], &block[..]].concat()
    },
};
