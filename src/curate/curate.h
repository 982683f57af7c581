#pragma once
/// Raw pairs in, a data set one can publish out.
///
/// Three passes, so that memory does not grow with the pairs (about 100 MiB + 40 bytes a site or
/// page
/// + 1 byte a pair): every row is evaluated, in any thread, and what passes the filters goes to
/// disk in input order; keys are compared part by part; then the pairs are read back and go to
/// their files. The output depends on input, options and seed only, not on the number of threads.

#include "base/counters.h"
#include "base/result.h"
#include "curate/card.h"
#include "curate/options.h"

namespace crosstail::curate {

/// Runs it. The output folder is put in place when it is complete; an earlier data set there is
/// replaced, a folder that holds anything else is an error. Beside the data: `card.md`,
/// `card.json`. rows = kept + dropped, always.
///
/// Fails with InvalidArgument (options), NotFound/Io/NoSpace/Corrupt (files; nothing is put in
/// place), Corrupt for the first malformed row with `strict`, Interrupted.
Result<DataCard> curate(const CurateOptions& options);

}  // namespace crosstail::curate
