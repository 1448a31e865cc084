// The metadata of an ONNX file, which onnxruntime-web does not give: `metadata_props`, field 14 of the
// message `ModelProto`, whose entries have a key (1) and a value (2). A message of protobuf is a row of
// fields; each starts with its number and its wire type: 0 a varint, 1 eight bytes, 2 a length and as many
// bytes, 5 four bytes.

/** The metadata of a file's bytes, as an object; throws if they are no ONNX file. */
export function metadataOf(bytes) {
  const found = {};
  for (const [number, content] of fields(bytes)) {
    if (number !== 14) continue;
    const entry = Object.fromEntries(fields(content));
    found[text(entry[1])] = text(entry[2]);
  }
  return found;
}

const text = (bytes) => new TextDecoder().decode(bytes ?? new Uint8Array());

/** The fields of a message: numbers, with the bytes of those that have a length. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw new Error("no ONNX file");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag % 8;
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    if (wire === 0) varint();
    else if (![1, 2, 5].includes(wire) || at + length > bytes.length) throw new Error("no ONNX file");
    yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
    at += length;
  }
}
