/* sweep: a document that may be an archive. Not here: archives themselves (unpack/). */
#include "agent/sweep/run.h"

rv_status rv_run_document(struct rv_run *run, struct rv_sweeper *w, const struct rv_doc *doc,
			  int fd)
{
	(void)run;
	(void)fd;
	return rv_sweeper_doc(w, doc);
}
