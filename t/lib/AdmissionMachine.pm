# A machine of the test's own: a folder with the files below /proc that the
# controller reads, kept moving by a process of its own as a kernel would.
#
#	my $machine = AdmissionMachine->new(cores => 4);
#	... "pg_admission.system_root = '" . $machine->root . "'" ...
#	$machine->set(running => 2, waiting => 6);     # in cores, and in tasks
#	$machine->set(pid => $pid, run => 1.5);        # one of the server's processes
#	$machine->stop;

package AdmissionMachine;

use strict;
use warnings;
use File::Path qw(make_path);
use POSIX ();
use PostgreSQL::Test::Utils;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC usleep);

use constant TICKS_PER_S => 100;
use constant NS_PER_S => 1e9;
use constant KB => 1024;

sub new
{
	my ($class, %options) = @_;
	my $self = bless {
		root => PostgreSQL::Test::Utils::tempdir_short(),
		owner => $$,
		wanted => {
			cores => $options{cores} // 2,
			running => 0, waiting => 0,
			memory_kb => 8 * KB * KB, available_kb => 6 * KB * KB,
			memory_full => 0,
			processes => {} },
		count => {} }, $class;
	make_path("$self->{root}/proc/self", "$self->{root}/proc/pressure");
	$self->{count} = { map { $_ => 0 } qw(run wait elapsed memory_full) };
	$self->write_files;
	chmod 0755, $self->{root};
	$self->start;
	return $self;
}

sub root
{
	my ($self) = @_;
	return $self->{root};
}

# What is to be from now on.  With pid: of that process, else of the machine.
sub set
{
	my ($self, %wanted) = @_;
	my $pid = delete $wanted{pid};
	my $place = $pid ? ($self->{wanted}{processes}{$pid} //= {}) : $self->{wanted};

	$place->{$_} = $wanted{$_} for keys %wanted;
	$self->stop;
	$self->start;
	return;
}

# The mover takes over the counts as they are, and leaves them in a file.
sub start
{
	my ($self) = @_;

	$self->load_counts;
	# Before the fork, as it may be stopped at once: newer versions of
	# PostgreSQL::Test::Cluster have a handler that would end the servers.
	local $SIG{TERM} = sub { $self->{stop} = 1 };
	$self->{mover} = fork() // die "fork: $!";
	return if $self->{mover};
	# What the test closes must be closed.
	POSIX::close($_) for 3 .. 1023;
	$self->move until $self->{stop} || getppid() != $self->{owner};
	$self->save_counts;
	POSIX::_exit(0);
}

sub stop
{
	my ($self) = @_;

	return unless $self->{mover} && $self->{owner} == $$;
	kill 'TERM', $self->{mover};
	waitpid $self->{mover}, 0;
	$self->{mover} = 0;
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	$self->stop if $self->{owner} == $$;
	return;
}

sub move
{
	my ($self) = @_;
	my $before = $self->{moved_at} //= clock_gettime(CLOCK_MONOTONIC);
	my ($wanted, $count) = ($self->{wanted}, $self->{count});

	usleep(5_000);
	my $now = $self->{moved_at} = clock_gettime(CLOCK_MONOTONIC);
	my $elapsed = $now - $before;
	$count->{elapsed} += $elapsed;
	$count->{run} += $elapsed * $wanted->{running};
	$count->{wait} += $elapsed * $wanted->{waiting};
	$count->{memory_full} += $elapsed * $wanted->{memory_full};
	for my $pid (keys %{ $wanted->{processes} })
	{
		my $process = $wanted->{processes}{$pid};
		$count->{"run $pid"} = ($count->{"run $pid"} // 0) + $elapsed * ($process->{run} // 0);
		$count->{"wait $pid"} = ($count->{"wait $pid"} // 0) + $elapsed * ($process->{wait} // 0);
	}
	$self->write_files;
	return;
}

sub write_files
{
	my ($self) = @_;
	my ($wanted, $count) = ($self->{wanted}, $self->{count});
	my $cores = $wanted->{cores};
	my ($stat, $schedstat) = ('', "version 15\n");

	for my $cpu (0 .. $cores - 1)
	{
		my $busy = int($count->{run} / $cores * TICKS_PER_S);
		my $all = int($count->{elapsed} * TICKS_PER_S);
		$stat .= sprintf("cpu%d %d 0 0 %d 0 0 0 0 0 0\n", $cpu, $busy, $all > $busy ? $all - $busy : 0);
		$schedstat .= sprintf("cpu%d 0 0 0 0 0 0 %d %d 1\n", $cpu,
			$count->{run} / $cores * NS_PER_S, $count->{wait} / $cores * NS_PER_S);
	}
	$self->write_file('stat', "cpu 0 0 0 0 0 0 0 0 0 0\n${stat}procs_running 1\n");
	$self->write_file('schedstat', $schedstat);
	$self->write_file('loadavg', "0.00 0.00 0.00 1/100 1\n");
	$self->write_file('meminfo', "MemTotal: $wanted->{memory_kb} kB\nMemAvailable: $wanted->{available_kb} kB\n");
	$self->write_file('self/status', "Name:\tpostgres\nCpus_allowed_list:\t0-" . ($cores - 1) . "\n");
	for my $resource (qw(cpu io memory))
	{
		my $full = $resource eq 'memory' ? int($count->{memory_full} * 1e6) : 0;
		$self->write_file("pressure/$resource",
			join('', map { "$_ avg10=0.00 avg60=0.00 avg300=0.00 total=$full\n" } qw(some full)));
	}
	for my $pid (keys %{ $wanted->{processes} })
	{
		make_path("$self->{root}/proc/$pid");
		$self->write_file("$pid/schedstat", sprintf("%d %d 1\n",
			($count->{"run $pid"} // 0) * NS_PER_S, ($count->{"wait $pid"} // 0) * NS_PER_S));
	}
	return;
}

sub write_file
{
	my ($self, $name, $text) = @_;
	my $path = "$self->{root}/proc/$name";

	open(my $file, '>', "$path.new") or die "$path.new: $!";
	print $file $text;
	close $file or die "$path.new: $!";
	rename "$path.new", $path or die "$path: $!";
	return;
}

sub save_counts
{
	my ($self) = @_;
	open(my $file, '>', "$self->{root}/counts") or die "counts: $!";
	print $file "$_=$self->{count}{$_}\n" for keys %{ $self->{count} };
	close $file or die "counts: $!";
	return;
}

sub load_counts
{
	my ($self) = @_;
	open(my $file, '<', "$self->{root}/counts") or return;
	while (my $line = <$file>)
	{
		$self->{count}{$1} = $2 if $line =~ /^(.*)=(.*)$/;
	}
	close $file;
	return;
}

1;
