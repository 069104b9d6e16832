#!/usr/bin/env bash
# Compiles AWS's Lambda runtime client for Node.js (a minute, once for each version), as its own install scripts do.
# No other package's scripts are run. Where it cannot be compiled, the tests of Node.js functions are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
package=tests/clients/node_modules/aws-lambda-ric
version=$(node -p "require('./$package/package.json').version")-$(node -p 'process.versions.modules')
kept=.work/aws-lambda-ric/$version
prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
# The headers that came with Node.js; without them, node-gyp fetches them.
[ -e "$prefix/include/node/node_api.h" ] && export npm_config_nodedir="$prefix"
if [ ! -e "$kept/rapid-client.node" ]; then
  mkdir -p "$kept"
  echo "Compiling aws-lambda-ric (a minute, once)…"
  (cd "$package" && sh scripts/preinstall.sh && sh scripts/postinstall.sh) >"$kept/log" 2>&1 || {
    echo "aws-lambda-ric could not be compiled (it needs cmake, make, g++ and python3; $kept/log says more):" \
      "the tests of Node.js functions will be left out."
    exit 0
  }
  cp "$package/rapid-client.node" "$kept/"
fi
cp "$kept/rapid-client.node" "$package/"
