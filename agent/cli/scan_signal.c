/* cli: see scan_signal.h. */
#include "agent/cli/scan_signal.h"

#include "agent/base/buf.h"

#include <stdio.h>

static const struct {
	int number;
	const char *name;
} watched[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

static volatile sig_atomic_t came; /* the number of the first; only calls that signals allow */

/* Only of those that we took: one that is ignored is not. */
static void let_go(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL}, was;

	for (size_t i = 0; i < RV_LEN(watched); i++) {
		if (sigaction(watched[i].number, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			(void)sigaction(watched[i].number, &action, NULL); /* cannot fail */
	}
}

/* Two may come to two threads at once: the second ends us as soon as this returns. */
static void on_signal(int number)
{
	bool is_second = __atomic_exchange_n(&came, number, __ATOMIC_SEQ_CST) != 0;

	let_go();
	if (is_second)
		(void)raise(number);
}

void rv_scan_signal_watch(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, was;

	(void)sigemptyset(&action.sa_mask); /* cannot fail */
	for (size_t i = 0; i < RV_LEN(watched); i++)
		(void)sigaddset(&action.sa_mask, watched[i].number); /* cannot fail */
	for (size_t i = 0; i < RV_LEN(watched); i++) {
		if (sigaction(watched[i].number, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			(void)sigaction(watched[i].number, &action, NULL); /* else it ends us */
	}
}

const volatile sig_atomic_t *rv_scan_signal_flag(void)
{
	return &came;
}

const char *rv_scan_signal_name(void)
{
	for (size_t i = 0; i < RV_LEN(watched); i++) {
		if (came == watched[i].number)
			return watched[i].name;
	}
	return NULL;
}

void rv_scan_signal_pass_on(void)
{
	if (!came)
		return;
	(void)fflush(stdout); /* we end by the signal in any case */
	(void)raise((int)came);
}
