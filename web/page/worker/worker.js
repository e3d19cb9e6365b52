// The worker's entry, which holds nothing: WebKit evaluates an entry once more where a chunk that is loaded later imports it.

import "./answers.js";
