/** The clips in a zip file, each unpacked when it is wanted. Of the file no more is read than they take. Format: PKWARE's APPNOTE. */

/** @typedef {{name: string, flags: number, method: number, packed: number, size: number, start: number}} Entry */

export const MAX_CLIPS = 200;
export const MAX_CLIP_BYTES = 300 * 2 ** 20; // the most the server takes
const [STORED, DEFLATED] = [0, 8];
const IN_ZIP64 = 0xffffffff; // a number too large for its place stands in the extra field

/** What files with these endings are. @type {Record<string, string>} */
const KINDS = {
  mp4: "video/mp4", m4v: "video/mp4", mov: "video/quicktime", webm: "video/webm", mkv: "video/x-matroska",
  avi: "video/x-msvideo", "3gp": "video/3gpp", mpg: "video/mpeg", mpeg: "video/mpeg", ts: "video/mp2t",
  mts: "video/mp2t", ogv: "video/ogg", flv: "video/x-flv",
};

/** Returns an error with a `code`, and a sentence for people. @param {string} code @param {string} sentence */
const problem = (code, sentence) => Object.assign(new Error(sentence), { code });
const broken = () => problem("zip_broken", "This zip file is damaged or incomplete.");

/**
 * Returns the video files of a zip, by their names without folders, in the order of its list; `open` unpacks one.
 *
 * Hidden files, and what is no video by its ending, are left out. Contents are held against their length only.
 *
 * @param {Blob} zip
 * @returns {Promise<{name: string, open: () => Promise<File>}[]>}
 * @throws an Error with a `code`: `zip_broken`, `zip_encrypted`, `zip_method`, `zip_too_many`, `zip_clip_too_large`; where
 *   a damaged file is opened: `zip_broken`
 */
export async function clipsInZip(zip) {
  const clips = (await listEntries(zip)).filter(({ name }) => kind(name) && !isHidden(name));
  if (clips.length > MAX_CLIPS) throw problem("zip_too_many", `This zip file holds more than ${MAX_CLIPS} clips.`);
  for (const { name, flags, method, size } of clips) {
    const refuse = (/** @type {string} */ code, /** @type {string} */ why) => {
      throw problem(code, `“${lastPart(name)}” in this zip file is ${why}.`);
    };
    if (flags & 1) refuse("zip_encrypted", "locked with a password");
    if (method !== STORED && method !== DEFLATED) refuse("zip_method", "packed in a way that cannot be unpacked here");
    if (size > MAX_CLIP_BYTES) refuse("zip_clip_too_large", `larger than ${MAX_CLIP_BYTES / 2 ** 20} MB`);
  }
  return clips.map((clip) => ({ name: lastPart(clip.name), open: () => unpack(zip, clip) }));
}

const lastPart = (/** @type {string} */ path) => path.split(/[\\/]/).at(-1) ?? "";
const kind = (/** @type {string} */ path) => KINDS[/[^\\/]\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? ""];
const isHidden = (/** @type {string} */ path) => path.includes("__MACOSX") || lastPart(path).startsWith(".");
const longAt = (/** @type {DataView} */ data, /** @type {number} */ at) => Number(data.getBigUint64(at, true));

/** @param {Blob} zip @param {number} start @param {number} length @returns {Promise<DataView>} */
async function view(zip, start, length) {
  if (start < 0 || start + length > zip.size) throw broken();
  return new DataView(await zip.slice(start, start + length).arrayBuffer());
}

/** Returns where the list of all files is, from the record at the end. @param {Blob} zip */
async function findDirectory(zip) {
  const start = Math.max(0, zip.size - 22 - 65_535); // it is 22 bytes and a comment
  const tail = await view(zip, start, zip.size - start);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at -= 1;
  if (at < 0) throw broken();
  const inZip64 = at >= 20 && tail.getUint32(at - 20, true) === 0x07064b50;
  if (!inZip64) return { length: tail.getUint32(at + 12, true), start: tail.getUint32(at + 16, true) };
  const record = await view(zip, longAt(tail, at - 12), 56);
  if (record.getUint32(0, true) !== 0x06064b50) throw broken();
  return { length: longAt(record, 40), start: longAt(record, 48) };
}

/** @param {Blob} zip @returns {Promise<Entry[]>} */
async function listEntries(zip) {
  const { start, length } = await findDirectory(zip);
  if (length > 16 * 2 ** 20) throw problem("zip_too_many", "This zip file holds too many files.");
  const list = await view(zip, start, length);
  const entries = [];
  try {
    for (let at = 0; at < length; ) {
      if (list.getUint32(at, true) !== 0x02014b50) throw broken();
      const shorts = [8, 10, 28, 30, 32].map((place) => list.getUint16(at + place, true));
      const [flags, method, nameLength, extraLength, commentLength] = shorts;
      const name = new TextDecoder().decode(new Uint8Array(list.buffer, at + 46, nameLength));
      const numbers = [24, 20, 42].map((place) => list.getUint32(at + place, true)); // in the extra field's order
      const end = at + 46 + nameLength + extraLength;
      for (let extra = end - extraLength; extra + 4 <= end; extra += 4 + list.getUint16(extra + 2, true)) {
        if (list.getUint16(extra, true) !== 1) continue;
        let next = extra - 4;
        for (const [i, number] of numbers.entries()) if (number === IN_ZIP64) numbers[i] = longAt(list, (next += 8));
      }
      entries.push({ name, flags, method, size: numbers[0], packed: numbers[1], start: numbers[2] });
      at = end + commentLength;
    }
  } catch (error) {
    throw error instanceof RangeError ? broken() : error; // it ends too early
  }
  return entries;
}

/** @param {Blob} zip @param {Entry} clip @returns {Promise<File>} */
async function unpack(zip, { name, method, packed, size, start }) {
  const header = await view(zip, start, 30);
  if (header.getUint32(0, true) !== 0x04034b50) throw broken();
  const from = start + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  let content = zip.slice(from, from + packed); // a stored file is not copied
  if (method === DEFLATED) content = await inflate(content, size);
  if (content.size !== size) throw broken();
  return new File([content], lastPart(name), { type: kind(name) });
}

/** Returns what was deflated; ends after `left` bytes, as a small file may unpack to any length. */
async function inflate(/** @type {Blob} */ packed, /** @type {number} */ left) {
  const limit = new TransformStream({
    transform(chunk, out) {
      left -= chunk.length;
      if (left < 0) out.error(broken());
      else out.enqueue(chunk);
    },
  });
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).pipeThrough(limit);
  return new Response(stream).blob().catch(() => Promise.reject(broken()));
}
