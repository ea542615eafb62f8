/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * term.c - see term.h.  The only file that includes ncurses.
 *
 * newterm() instead of initscr(): the latter ends the program when it does not
 * know $TERM.
 */
#include "mpstat/view/term.h"

#include "mpstat/view/keys.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ESCAPE_DELAY_MS 25
#define SIGNALS_TAKEN 7
#define CONTROL(letter) ((letter) & 0x1f)

struct term {
	SCREEN *screen;
	sigset_t signals, signals_before;
	struct sigaction actions_before[SIGNALS_TAKEN];
	int signal_fd;
	bool colour, unicode;
	bool lost; /* hung up: nobody is there any more */
};

static const int signals_taken[SIGNALS_TAKEN] = {SIGTERM,  SIGINT,  SIGQUIT, SIGHUP,
						 SIGWINCH, SIGTSTP, SIGCONT};

static const struct {
	int curses, code;
} key_map[] = {
	{KEY_UP, KEY_CODE_UP},	       {KEY_DOWN, KEY_CODE_DOWN},
	{KEY_LEFT, KEY_CODE_LEFT},     {KEY_RIGHT, KEY_CODE_RIGHT},
	{KEY_PPAGE, KEY_CODE_PAGE_UP}, {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
	{KEY_HOME, KEY_CODE_HOME},     {KEY_END, KEY_CODE_END},
	{KEY_A1, KEY_CODE_HOME},       {KEY_C1, KEY_CODE_END},
	{KEY_A3, KEY_CODE_PAGE_UP},    {KEY_C3, KEY_CODE_PAGE_DOWN},
	{KEY_DC, KEY_CODE_DELETE},     {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
	{KEY_BTAB, KEY_CODE_BACK_TAB}, {KEY_ENTER, KEY_CODE_ENTER},
	{KEY_RESIZE, KEY_CODE_NONE}, /* ours comes with SIGWINCH */
};

/* A screen for that type: NULL when the type is unknown. */
static SCREEN *try_type(const char *type, bool *usable)
{
	SCREEN *screen = newterm(type, stdout, stdin);
	const char *position = screen ? tigetstr("cup") : NULL;

	*usable = position && position != (char *)-1;
	if (screen && !*usable) {
		endwin();
		delscreen(screen);
	}
	return screen;
}

/* Opens a screen for $TERM or what is likely to be understood instead. */
static SCREEN *open_screen(struct err *err)
{
	const char *type = getenv("TERM");
	const char *const types[] = {type, "xterm-256color", "vt100"};
	bool usable = false;

	for (size_t i = 0; type && *type && i < sizeof(types) / sizeof(types[0]); i++) {
		SCREEN *screen = try_type(types[i], &usable);

		if (usable)
			return screen;
		if (screen)
			break; /* known, and known not to be able */
	}
	err_set(err, -ENOTSUP,
		"terminal cannot position the cursor (TERM is \"%s\"): use -b for plain text, "
		"or set TERM, for example TERM=vt100",
		type ? type : "");
	return NULL;
}

/* What emulators send for keys, whatever $TERM claims they are. */
static void define_keys(void)
{
	static const struct {
		const char *sequence;
		int key;
	} common[] = {
		{"\033[A", KEY_UP},	 {"\033[B", KEY_DOWN},	 {"\033[C", KEY_RIGHT},
		{"\033[D", KEY_LEFT},	 {"\033OA", KEY_UP},	 {"\033OB", KEY_DOWN},
		{"\033OC", KEY_RIGHT},	 {"\033OD", KEY_LEFT},	 {"\033[H", KEY_HOME},
		{"\033[F", KEY_END},	 {"\033OH", KEY_HOME},	 {"\033OF", KEY_END},
		{"\033[1~", KEY_HOME},	 {"\033[4~", KEY_END},	 {"\033[7~", KEY_HOME},
		{"\033[8~", KEY_END},	 {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
		{"\033[3~", KEY_DC},	 {"\033[Z", KEY_BTAB},	 {"\033OP", KEY_F(1)},
		{"\033OQ", KEY_F(2)},	 {"\033OR", KEY_F(3)},	 {"\033OS", KEY_F(4)},
		{"\033[11~", KEY_F(1)},	 {"\033[12~", KEY_F(2)}, {"\033[13~", KEY_F(3)},
		{"\033[14~", KEY_F(4)},	 {"\033[15~", KEY_F(5)}, {"\033[17~", KEY_F(6)},
		{"\033[18~", KEY_F(7)},	 {"\033[19~", KEY_F(8)}, {"\033[20~", KEY_F(9)},
		{"\033[21~", KEY_F(10)}, {"\033[23~", KEY_F(11)}, {"\033[24~", KEY_F(12)},
	};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (key_defined(common[i].sequence) == 0)
			define_key(common[i].sequence, common[i].key);
}

static short colour_of(int8_t colour)
{
	return colour == THEME_DEFAULT ? -1 : colour;
}

static void init_colours(struct term *term)
{
	if (!term->colour || !has_colors() || start_color() != OK) {
		term->colour = false;
		return;
	}
	use_default_colors();
	for (unsigned i = 0; i < STYLE_COUNT; i++) {
		const struct theme_look *look = theme_look(i);

		init_pair((short)(i + 1), colour_of(look->foreground), colour_of(look->background));
	}
}

static void init_modes(struct term *term)
{
	raw(); /* Ctrl-Z and Ctrl-C come as keys: see suspend() */
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	scrollok(stdscr, FALSE);
	set_escdelay(ESCAPE_DELAY_MS);
	define_keys();
	curs_set(0);
	init_colours(term);
}

/* newterm() installs handlers of its own for some of these. */
static void save_actions(struct term *term)
{
	for (size_t i = 0; i < SIGNALS_TAKEN; i++)
		sigaction(signals_taken[i], NULL, &term->actions_before[i]);
}

static void restore_actions(const struct term *term)
{
	for (size_t i = 0; i < SIGNALS_TAKEN; i++)
		sigaction(signals_taken[i], &term->actions_before[i], NULL);
}

static int take_signals(struct term *term, struct err *err)
{
	sigemptyset(&term->signals);
	for (size_t i = 0; i < SIGNALS_TAKEN; i++)
		sigaddset(&term->signals, signals_taken[i]);
	term->signal_fd = signalfd(-1, &term->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (term->signal_fd < 0)
		return err_set(err, -errno, "cannot receive signals: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &term->signals, &term->signals_before);
	return 0;
}

static void give_signals_back(struct term *term)
{
	close(term->signal_fd);
	restore_actions(term);
	/* The kernel tells a hangup twice, to the session's leader and to the group in
	 * front; the second must not kill the caller while it cleans up. */
	if (term->lost)
		signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &term->signals_before, NULL);
}

int term_open(struct term **out, bool colour, struct err *err)
{
	struct term *term;
	int ret;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, -ENOTTY, "%s is not a terminal: use -b for plain text",
			       isatty(STDOUT_FILENO) ? "standard input" : "standard output");
	term = calloc(1, sizeof(*term));
	if (!term)
		return err_set(err, -ENOMEM, "no memory for the screen");
	term->colour = colour;
	term->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	save_actions(term);
	/* before the size is read: a change after that must not be missed */
	ret = take_signals(term, err);
	if (ret) {
		free(term);
		return ret;
	}
	term->screen = open_screen(err);
	if (!term->screen) {
		give_signals_back(term);
		free(term);
		return -ENOTSUP;
	}
	init_modes(term);
	*out = term;
	return 0;
}

void term_close(struct term *term)
{
	if (!term)
		return;
	curs_set(1);
	endwin();
	delscreen(term->screen);
	give_signals_back(term);
	free(term);
}

bool term_unicode(const struct term *term)
{
	return term->unicode;
}

void term_size(const struct term *term, int *columns, int *lines)
{
	(void)term;
	getmaxyx(stdscr, *lines, *columns);
	*columns = *columns < 1 ? 1 : *columns;
	*lines = *lines < 1 ? 1 : *lines;
}

static attr_t attributes_of(unsigned attributes)
{
	static const struct {
		unsigned ours;
		attr_t curses;
	} map[] = {{THEME_BOLD, A_BOLD},
		   {THEME_REVERSE, A_REVERSE},
		   {THEME_UNDERLINE, A_UNDERLINE},
		   {THEME_DIM, A_DIM}};
	attr_t all = A_NORMAL;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (attributes & map[i].ours)
			all |= map[i].curses;
	return all;
}

static void show_cell(const struct term *term, const struct cell *cell)
{
	const struct theme_look *look = theme_look(cell->style);
	wchar_t text[3] = {(wchar_t)cell->ch, (wchar_t)cell->mark, 0};
	attr_t attributes = attributes_of(term->colour ? look->attributes : look->mono);
	cchar_t out;

	if (cell->ch == 0) /* the right half comes with the left */
		return;
	if (setcchar(&out, text, attributes, (short)(term->colour ? cell->style + 1 : 0), NULL) == OK)
		add_wch(&out);
}

void term_show(struct term *term, const struct canvas *canvas, bool all)
{
	int columns, lines;

	term_size(term, &columns, &lines);
	if (all)
		clearok(curscr, TRUE);
	for (int y = 0; y < lines && y < canvas->height; y++)
		for (int x = 0; x < columns && x < canvas->width; x++) {
			move(y, x);
			show_cell(term, &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x]);
		}
	refresh();
}

static void take_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

/*
 * Gives the terminal back, stops, and takes it again when continued.  Ctrl-Z
 * stops the whole process group, and only after the screen is restored: were it
 * left to the terminal, a script that runs us would stop first, and its shell
 * would write on our screen.
 */
static void suspend(bool group)
{
	struct sigaction stops = {.sa_handler = SIG_DFL};
	sigset_t stop;

	def_prog_mode();
	endwin();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigaction(SIGTSTP, &stops, NULL); /* not the handler of ncurses */
	if (group)
		kill(0, SIGTSTP);
	else
		raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	reset_prog_mode();
	take_size();
}

static int on_signal(struct term *term)
{
	struct signalfd_siginfo info;

	if (read(term->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return KEY_CODE_NONE;
	switch (info.ssi_signo) {
	case SIGHUP:
		term->lost = true;
		return KEY_CODE_LOST;
	case SIGTSTP:
		suspend(false);
		return KEY_CODE_RESIZED;
	case SIGCONT: /* after a stop we did not see: kill -STOP */
		reset_prog_mode();
		take_size();
		return KEY_CODE_RESIZED;
	case SIGWINCH:
		take_size();
		return KEY_CODE_RESIZED;
	default:
		return KEY_CODE_QUIT;
	}
}

/* From the character or code of ncurses to ours. */
static int translate(int result, wint_t ch)
{
	if (result == KEY_CODE_YES) {
		for (size_t i = 0; i < sizeof(key_map) / sizeof(key_map[0]); i++)
			if ((wint_t)key_map[i].curses == ch)
				return key_map[i].code;
		if (ch >= KEY_F0 && ch <= KEY_F(12))
			return KEY_CODE_F0 + (int)(ch - KEY_F0);
		return KEY_CODE_OTHER;
	}
	if (ch == CONTROL('C') || ch == CONTROL('\\'))
		return KEY_CODE_QUIT;
	if (ch == '\r')
		return KEY_CODE_ENTER;
	if (ch == 127 || ch == 8)
		return KEY_CODE_BACKSPACE;
	return ch == 0 ? KEY_CODE_OTHER : (int)ch;
}

/* The rest of an escape sequence that nobody has defined must not be taken for
 * keys: its letters could be commands. */
static int escape(void)
{
	wint_t ch;
	int result = get_wch(&ch);

	if (result == ERR)
		return KEY_CODE_ESC;
	if (result == KEY_CODE_YES || (ch != '[' && ch != 'O')) {
		result == KEY_CODE_YES ? ungetch((int)ch) : unget_wch((wchar_t)ch);
		return KEY_CODE_ESC;
	}
	do
		result = get_wch(&ch);
	while (result == OK && ch >= ' ' && ch < '@');
	return KEY_CODE_OTHER;
}

static int read_key(void)
{
	wint_t ch;
	int result = get_wch(&ch);

	if (result == ERR)
		return KEY_CODE_NONE;
	if (result == OK && ch == CONTROL('Z')) {
		suspend(true);
		return KEY_CODE_RESIZED;
	}
	return result == OK && ch == CONTROL('[') ? escape() : translate(result, ch);
}

int term_key(struct term *term, int timeout_ms)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
				{.fd = term->signal_fd, .events = POLLIN}};
	int key = read_key(); /* ncurses may have read ahead */

	if (key != KEY_CODE_NONE)
		return key;
	if (poll(fds, 2, timeout_ms) <= 0)
		return KEY_CODE_NONE;
	if (fds[1].revents & POLLIN)
		return on_signal(term);
	if (fds[0].revents & POLLIN)
		key = read_key();
	if (key == KEY_CODE_NONE && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))) {
		term->lost = true;
		return KEY_CODE_LOST;
	}
	return key;
}
