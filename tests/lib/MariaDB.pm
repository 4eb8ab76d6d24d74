# Database servers of a test's own: each has its data, socket and loopback port, and ends with the test.
# Each has its folder for temporary files too: a server that starts removes those of all others there.
package MariaDB;

use strict;
use warnings;

use Checker;
use Exporter 'import';
use IO::Socket::INET ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(need_mariadb free_port must_run);

use constant START_SECONDS => 120;

my $tester = $$;
my (@servers, %taken, $template);

# Skips the test where a program or a file of the server is missing.
sub need_mariadb {
	my (@files) = @_;
	$ENV{PATH} = ($ENV{PATH} // '') . ':/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
	$ENV{LC_ALL} = 'C';
	for my $tool (qw(mariadbd mariadb-install-db mariadb)) {
		plan skip_all => "$tool is not installed" if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
	}
	-e or plan skip_all => "$_ is missing" for checker('checkpw-mysql'), @files;
	$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
	return;
}

# Runs a command that has to succeed; what it says is shown only if it does not.
sub must_run {
	my (@command) = @_;
	open my $output, '-|', 'sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', @command or die "sh: $!";
	my $said = do { local $/; <$output> } // '';
	close $output or die "@command: failed: $said\n";
	return $said;
}

# Below those that the kernel gives to clients: one that runs at the same time could take it before the server.
sub free_port {
	for (1 .. 100) {
		my $port = 10_000 + int rand 20_000;
		return $port if !$taken{$port}++ && IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port);
	}
	die "no port: $!";
}

# mariadbd refuses to run as root.
sub as_mysql { return $> == 0 ? ('--user=mysql') : () }

# Makes a folder in which the server may make files.
sub folder {
	my ($path) = @_;
	mkdir $path or die "$path: $!";
	chmod 0755, $path or die "$path: $!";
	my ($uid, $gid) = (getpwnam 'mysql')[ 2, 3 ];
	chown $uid, $gid, $path or die "$path: $!" if $> == 0;
	return $path;
}

# Empty data, made once and copied for each server.
sub template {
	if (!$template) {
		my $dir = folder(scratch() . '/template');
		$template = "$dir/data";
		must_run('mariadb-install-db', '--no-defaults', as_mysql(), "--datadir=$template", "--tmpdir=$dir",
			'--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve');
	}
	return $template;
}

# A server that runs: NAME is that of its folder, OPTIONS are mariadbd's.
sub new {
	my ($class, $name, @options) = @_;
	my $self = $class->idle($name, @options);
	return $self->start;
}

# The same, not started yet.
sub idle {
	my ($class, $name, @options) = @_;
	my $dir = folder(scratch() . "/$name");
	must_run('cp', '-a', template(), "$dir/data");
	my $self = bless { dir => $dir, socket => "$dir/socket", port => free_port(), options => \@options }, $class;
	push @servers, $self;
	return $self;
}

sub launch {
	my ($self, @more) = @_;
	my $log = "$self->{dir}/log";
	my @command = ('mariadbd', '--no-defaults', as_mysql(), "--datadir=$self->{dir}/data", "--socket=$self->{socket}",
		"--tmpdir=$self->{dir}", "--port=$self->{port}", '--bind-address=127.0.0.1', "--pid-file=$self->{dir}/pid", '--skip-name-resolve',
		'--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=0', '--key-buffer-size=1M',
		'--aria-pagecache-buffer-size=8M', '--performance-schema=OFF', '--general-log',
		"--general-log-file=$self->{dir}/queries", @{ $self->{options} }, @more);
	$self->{pid} = fork // die "fork: $!";
	if ($self->{pid} == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $log;
		open STDERR, '>&', \*STDOUT;
		exec @command or POSIX::_exit(96);
	}
	return $self;
}

# Returns when the server answers.
sub wait_ready {
	my ($self) = @_;
	my $end = time + START_SECONDS;
	until (-S $self->{socket} && eval { $self->sql('SELECT 1') }) {
		die "mariadbd ended: ", read_file("$self->{dir}/log"), "\n" if waitpid $self->{pid}, 1;
		die "mariadbd does not answer: ", read_file("$self->{dir}/log"), "\n" if time > $end;
		sleep 0.1;
	}
	return $self;
}

sub start {
	my ($self, @more) = @_;
	return $self->launch(@more)->wait_ready;
}

# With SIGTERM in good order, with SIGKILL as in a crash; a frozen server too.
sub stop {
	my ($self, $signal) = @_;
	my $pid = delete $self->{pid} // return;
	kill $_ => $pid for $signal // 'TERM', 'CONT';
	waitpid $pid, 0;
	return;
}

sub freeze { my ($self) = @_; return kill STOP => $self->{pid} }
sub thaw { my ($self) = @_; return kill CONT => $self->{pid} }

# Carries statements out as root; returns what they answer, tabs between columns.
sub sql {
	my ($self, $text) = @_;
	return must_run('mariadb', '--no-defaults', "--socket=$self->{socket}", '--user=root', '--batch',
		'--default-character-set=utf8mb4', '--skip-column-names', "--execute=$text");
}

# The text of the general log; what is in it is forgotten.
sub queries {
	my ($self) = @_;
	my $path = "$self->{dir}/queries";
	my $text = read_file($path) // '';
	truncate $path, 0 if -e $path;
	return $text;
}

END {
	my $status = $?;
	if ($$ == $tester) {
		$_->stop('KILL') for @servers;
	}
	$? = $status;
}

1;
