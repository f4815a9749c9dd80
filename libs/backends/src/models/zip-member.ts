import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const endBytes = 22;
const entryBytes = 46;
const localHeaderBytes = 30;
const longestCommentBytes = 0xffff;

interface Entry {
  readonly method: number;
  readonly compressedBytes: number;
  readonly headerOffset: number;
}

/** Reads one file out of a ZIP archive (stored or deflated, below 4 GiB). The archive is closed when the stream is. */
export async function zipMember(archivePath: string, name: string): Promise<Readable> {
  const archive = await open(archivePath);
  try {
    const { method, compressedBytes, headerOffset } = findEntry(await readDirectory(archive), name);
    if (method !== 0 && method !== 8) throw new Error(`"${name}" is packed by an unknown method`);
    const header = await readAt(archive, headerOffset, localHeaderBytes);
    const start = headerOffset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
    const packed = archive.createReadStream({ start, end: start + compressedBytes - 1 });
    return method === 0 ? packed : inflated(packed);
  } catch (thrown) {
    await archive.close();
    throw thrown;
  }
}

function inflated(packed: Readable): Readable {
  const plain = createInflateRaw();
  packed.on('error', (error) => plain.destroy(error));
  plain.on('close', () => packed.destroy());
  return packed.pipe(plain);
}

/** The list of members, which stands before the end record at the end of the archive. */
async function readDirectory(archive: FileHandle): Promise<Buffer> {
  const { size } = await archive.stat();
  const tailStart = Math.max(0, size - endBytes - longestCommentBytes);
  const tail = await readAt(archive, tailStart, size - tailStart);
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) === endSignature)
      return readAt(archive, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
  }
  throw new Error('the archive is broken');
}

function findEntry(directory: Buffer, name: string): Entry {
  for (let at = 0; at + entryBytes <= directory.length && directory.readUInt32LE(at) === entrySignature;) {
    const nameEnd = at + entryBytes + directory.readUInt16LE(at + 28);
    if (directory.toString('utf8', at + entryBytes, nameEnd) === name) {
      return {
        method: directory.readUInt16LE(at + 10),
        compressedBytes: directory.readUInt32LE(at + 20),
        headerOffset: directory.readUInt32LE(at + 42),
      };
    }
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  throw new Error(`the archive has no "${name}"`);
}

async function readAt(archive: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await archive.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('the archive is cut short');
  return buffer;
}
