/** Published vectors beside the project; they are not part of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../shared/vectors/', import.meta.url);

export const haveVectors: boolean = existsSync(FOLDER);

export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
}

/** Paths of all JSON files below the folder, from the folder of the vectors. */
export function vectorFiles(folder: string): string[] {
  return readdirSync(new URL(folder, FOLDER), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => encodeURI(`${folder}/${name}`).replaceAll('#', '%23'));
}
