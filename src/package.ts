/** The installed package: found from the sources as well as from the build. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface PackageJson {
  readonly version: string;
  readonly homepage?: string;
}

let root: string | undefined;
let json: PackageJson | undefined;

/** The folder of droplint's package.json. */
export function packageRoot(): string {
  if (root === undefined) {
    root = path.dirname(fileURLToPath(import.meta.url));
    while (!existsSync(path.join(root, 'package.json'))) root = path.dirname(root);
  }
  return root;
}

export function packageJson(): PackageJson {
  return (json ??= JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as PackageJson);
}
