#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_spdx.sh - every file names its licence in its first lines, but those
# whose format or purpose leaves no room for it.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

# LICENSE is the licence; JSON has no comments; golden files, screens and
# fuzz corpora are literal outputs and inputs.
exempt='^LICENSE$|\.json$|\.png$|\.svg$|^tests/(golden|screens|fuzz/corpus)/|^tests/e2e/.*\.(txt|expected)$'

# What is loaded into the kernel may also be taken as GPL.
licence='(BSD-2-Clause|\(GPL-2\.0-only OR BSD-2-Clause\))'

without() {
	project_files | grep -vE "$exempt" | while read -r path; do
		head -n 3 "$path" | grep -qE "SPDX-License-Identifier: $licence" || echo "$path"
	done
}

check "there are files to look at" test "$(project_files | wc -l)" -gt 50
none "every file names its licence" "$(without)"
plan
